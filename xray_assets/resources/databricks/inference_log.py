"""The inference table of Databricks Model Serving."""

from collections.abc import Sequence

from xray_assets.resources.databricks.source import DatabricksSource
from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.rollout.guards import ArmTraffic


class InferenceTable(DatabricksSource, InferenceLog):
    """The inference table of Databricks Model Serving."""

    def holds(self, request_ids: Sequence[str]) -> bool:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")

    def image(self, image_sha256: str) -> bytes | None:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading logged films")

    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")
