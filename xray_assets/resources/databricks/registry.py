"""MLflow on Unity Catalog."""

from collections.abc import Mapping

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.registry import Registry
from xray_assets.scoring.aliases import ModelVersion
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registered import RegisteredVersion


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
