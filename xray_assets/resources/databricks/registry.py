"""MLflow on Unity Catalog."""

from collections.abc import Mapping

from typing_extensions import override

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.registry import Registry
from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion


class DatabricksRegistry(Registry):
    """The same registry on Unity Catalog."""

    @override
    def latest(self, model_name: str) -> RegisteredVersion | None:
        raise NotYetOnDatabricks("reading the model registry")

    @override
    def versions(self, model_name: str) -> list[RegisteredVersion]:
        raise NotYetOnDatabricks("reading the model registry")

    @override
    def figures(self, run_id: str) -> dict[str, float]:
        raise NotYetOnDatabricks("reading a training's figures")

    @override
    def parameters(self, run_id: str) -> dict[str, str]:
        raise NotYetOnDatabricks("reading a training's parameters")

    @override
    def version(self, model_name: str, version: int | str) -> RegisteredVersion:
        raise NotYetOnDatabricks("reading the model registry")

    @override
    def fetch(self, model_name: str, version: int | str) -> ServingArtifact:
        raise NotYetOnDatabricks("fetching a serving artifact")

    @override
    def aliases(self, model_names: list[str]) -> dict[str, ModelVersion]:
        raise NotYetOnDatabricks("reading the registry's aliases")

    @override
    def reconcile_aliases(
        self, desired: Mapping[str, tuple[str, int | str] | None], model_names: list[str]
    ) -> list[str]:
        raise NotYetOnDatabricks("moving the registry's aliases")
