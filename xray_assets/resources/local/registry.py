"""MLflow on SQLite."""

from collections.abc import Mapping
from pathlib import Path

from typing_extensions import override

from xray_assets.resources.registry import Registry
from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion
from xray_assets.scoring.registry import ModelRegistry


class LocalRegistry(Registry):
    """MLflow's SQLite registry; fetched artifacts are cached by digest."""

    tracking_uri: str
    cache: str

    @override
    def latest(self, model_name: str) -> RegisteredVersion | None:
        return self._registry().latest(model_name)

    @override
    def versions(self, model_name: str) -> list[RegisteredVersion]:
        return self._registry().versions(model_name)

    @override
    def figures(self, run_id: str) -> dict[str, float]:
        return self._registry().figures(run_id)

    @override
    def parameters(self, run_id: str) -> dict[str, str]:
        return self._registry().parameters(run_id)

    @override
    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        return self._registry().version(model_name, version)

    @override
    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        return self._registry().fetch(model_name, version)

    @override
    def aliases(self, model_names: list[str]) -> dict[str, ModelVersion]:
        return self._registry().aliases(model_names)

    @override
    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: list[str]
    ) -> list[str]:
        return self._registry().reconcile_aliases(desired, model_names)

    def _registry(self) -> ModelRegistry:
        return ModelRegistry(self.tracking_uri, Path(self.cache))
