"""The endpoint's inference log, read by Dagster: SQLite here, the inference table there."""

from abc import ABC, abstractmethod
from pathlib import Path

import dagster as dg
import polars as pl

from xray_assets.resources.unconnected import NotYetOnDatabricks
from xray_assets.rollout.guards import ArmTraffic
from xray_assets.table_contracts import PREDICTIONS


class InferenceLog(dg.ConfigurableResource, ABC):
    """What the endpoint answered, in the order it was logged."""

    @abstractmethod
    def position(self) -> int:
        """The last position; 0 while nothing is logged."""

    @abstractmethod
    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """At most `limit` rows after a position, in order, as rows of
        gold.pneumonia_classifier_predictions.
        """

    @abstractmethod
    def image(self, image_sha256: str) -> bytes | None:
        """The stored film of a pixel digest; None when it is no longer kept."""

    @abstractmethod
    def acknowledge(self, position: int) -> None:
        """Say that rows and films up to a position are no longer needed here, so that retention may
        delete them.
        """

    @abstractmethod
    def traffic(self, config_version: int) -> list[ArmTraffic]:
        """The latest traffic under a config, by assigned served entity."""


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
        from xray_assets.serving.log_reader import InferenceLogReader

        return InferenceLogReader(Path(self.path))


class InferenceTable(InferenceLog):
    """The inference table of Databricks Model Serving."""

    def position(self) -> int:
        """See InferenceLog."""
        raise NotYetOnDatabricks("reading the inference table")

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
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
