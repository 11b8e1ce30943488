"""The inference table of Databricks Model Serving."""

from collections.abc import Sequence

import polars as pl

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.rollout.guards import ArmTraffic


class InferenceTable(InferenceLog):
    """The inference table of Databricks Model Serving."""

    def position(self) -> int:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")

    def holds(self, request_ids: Sequence[str]) -> bool:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")

    def image(self, image_sha256: str) -> bytes | None:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading logged films")

    def acknowledge(self, position: int) -> None:
        """See InferenceLog: the inference table has its own retention."""

    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")
