"""The inference table of Databricks Model Serving."""

from collections.abc import Sequence

from typing_extensions import override

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.databricks.source import DatabricksSource
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.rollout.guards import ArmTraffic


class InferenceTable(DatabricksSource, InferenceLog):
    """The inference table of Databricks Model Serving."""

    @override
    def holds(self, request_ids: Sequence[str]) -> bool:
        raise NotYetOnDatabricks("reading the inference table")

    @override
    def image(self, image_sha256: str) -> bytes | None:
        raise NotYetOnDatabricks("reading logged films")

    @override
    def hold_films(self, digests: Sequence[str]) -> None:
        raise NotYetOnDatabricks("holding logged films")

    @override
    def traffic(self, config_version: int) -> list[ArmTraffic]:
        raise NotYetOnDatabricks("reading the inference table")
