"""The role "model registry": MLflow on SQLite here, MLflow on Unity Catalog there."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

import dagster as dg

from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion


class Registry(dg.ConfigurableResource, ABC):
    """Registered versions, their serving artifacts and aliases."""

    @abstractmethod
    def latest(self, model_name: str) -> RegisteredVersion | None:
        """The newest version; None when the model has none."""

    @abstractmethod
    def versions(self, model_name: str) -> list[RegisteredVersion]:
        """Every version, newest first."""

    @abstractmethod
    def figures(self, run_id: str) -> dict[str, float]:
        """What a training's run measured."""

    @abstractmethod
    def parameters(self, run_id: str) -> dict[str, str]:
        """What a training's run was set to."""

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
