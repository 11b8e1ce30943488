"""MLflow on SQLite."""

from collections.abc import Mapping
from pathlib import Path

from xray_assets.resources.registry import Registry
from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion
from xray_assets.scoring.registry import ModelRegistry


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
