"""The role "model registry": MLflow on SQLite here, MLflow on Unity Catalog there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from xray_assets.resources.unconnected import NotYetOnDatabricks
from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion
from xray_assets.scoring.registry import ModelRegistry


class Registry(dg.ConfigurableResource, ABC):
    """Registered versions, their serving artifacts and aliases."""

    @abstractmethod
    def latest(self, model_name: str) -> RegisteredVersion | None:
        """The newest version; None when the model has none."""

    @abstractmethod
    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        """One version. Raises RegistryError when it does not exist."""

    @abstractmethod
    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        """The verified serving artifact of a version, on this machine."""

    @abstractmethod
    def aliases(self, model_names: list[str]) -> dict[str, ModelVersion]:
        """Which (model, version) each alias names."""

    @abstractmethod
    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: list[str]
    ) -> list[str]:
        """Make the aliases in `desired` name exactly those versions; returns what was changed."""


class LocalRegistry(Registry):
    """MLflow's SQLite registry; fetched artifacts are cached by digest."""

    tracking_uri: str
    cache: str

    def latest(self, model_name: str) -> RegisteredVersion | None:
        """See Registry."""
        return self._registry().latest(model_name)

    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        """See Registry."""
        return self._registry().version(model_name, version)

    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        """See Registry."""
        return self._registry().fetch(model_name, version)

    def aliases(self, model_names: list[str]) -> dict[str, ModelVersion]:
        """See Registry."""
        return self._registry().aliases(model_names)

    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: list[str]
    ) -> list[str]:
        """See Registry."""
        return self._registry().reconcile_aliases(desired, model_names)

    def _registry(self) -> ModelRegistry:
        return ModelRegistry(self.tracking_uri, Path(self.cache))


class DatabricksRegistry(Registry):
    """The same registry on Unity Catalog."""

    def latest(self, model_name: str) -> RegisteredVersion | None:
        """See Registry."""
        raise NotYetOnDatabricks("reading the model registry")

    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        """See Registry."""
        raise NotYetOnDatabricks("reading the model registry")

    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        """See Registry."""
        raise NotYetOnDatabricks("fetching a serving artifact")

    def aliases(self, model_names: list[str]) -> dict[str, ModelVersion]:
        """See Registry."""
        raise NotYetOnDatabricks("reading the registry's aliases")

    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: list[str]
    ) -> list[str]:
        """See Registry."""
        raise NotYetOnDatabricks("moving the registry's aliases")
