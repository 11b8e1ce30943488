"""The local endpoint's log."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from xray_assets.contracts.tables import PREDICTIONS
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.rollout.guards import ArmTraffic


class LocalLog(InferenceLog):
    """The local endpoint's SQLite log."""

    path: str

    def position(self) -> int:
        """See InferenceLog."""
        return self._reader.position()

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See InferenceLog."""
        types = {
            name: dtype
            for name, dtype in PREDICTIONS.schema.items()
            if name not in ("timestamp", "date", "model_version")
        }
        rows = pl.DataFrame(
            self._reader.read_columns_after(position, limit), schema_overrides=types
        )
        moment = pl.from_epoch("timestamp_us", "us").dt.replace_time_zone("UTC")
        rows = rows.with_columns(
            pl.col("model_version").cast(pl.Int64), timestamp=moment, date=moment.dt.date()
        )
        return rows.select(PREDICTIONS.schema.names())

    def holds(self, request_ids: Sequence[str]) -> bool:
        """See InferenceLog."""
        return self._reader.holds(request_ids)

    def image(self, image_sha256: str) -> bytes | None:
        """See InferenceLog."""
        return self._reader.image(image_sha256)

    def acknowledge(self, position: int) -> None:
        """See InferenceLog."""
        if position:
            self._reader.acknowledge(position)

    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """See InferenceLog."""
        return [ArmTraffic(**arm) for arm in self._reader.traffic(config_version)]

    @property
    def _reader(self):
        from xray_assets.serving.log.reader import InferenceLogReader

        return InferenceLogReader(Path(self.path))
