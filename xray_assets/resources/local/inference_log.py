"""The local endpoint's log."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from typing_extensions import override

from xray_assets.contracts.tables import PREDICTIONS
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.local.source import LocalSource
from xray_assets.rollout.guards import ArmTraffic
from xray_assets.storage.numbered_rows import OtherRows


class LocalLog(LocalSource, InferenceLog):
    """The local endpoint's SQLite log."""

    @override
    def rows(self):
        from xray_assets.serving.log.logged_rows import InferenceLogRows

        return InferenceLogRows(Path(self.path))

    @override
    def bring_up_to_date(self) -> None:
        from xray_assets.serving.log.file import LogFile

        log = LogFile(Path(self.path), "FULL")
        log.commit([], patience_seconds=30)
        log.close()

    @override
    def read_after(self, cursor: Cursor, limit: int) -> tuple[pl.DataFrame, Cursor]:
        types = {
            name: dtype
            for name, dtype in PREDICTIONS.schema.items()
            if name not in ("timestamp", "date", "model_version")
        }
        end = self.end()
        id_ = (cursor if cursor.position else end).source.rpartition("/")[2]
        try:
            columns = self.rows().read_columns_after(cursor.position, limit, id_=id_)
        except OtherRows as error:
            raise self._changed(error) from error
        rows = pl.DataFrame(columns, schema_overrides=types)
        moment = pl.from_epoch("timestamp_us", "us").dt.replace_time_zone("UTC")
        rows = rows.with_columns(
            pl.col("model_version").cast(pl.Int64), timestamp=moment, date=moment.dt.date()
        )
        rows = rows.select(PREDICTIONS.schema.names())
        if rows.is_empty():
            return rows, cursor
        return rows, Cursor.at(end.source, rows["log_position"].item(-1))

    @override
    def taken_keys(self, tables: Tables, after: int) -> dict[int, str]:
        rows = tables.read(self.table).select("log_position", "request_id")
        return dict(rows.filter(pl.col("log_position") > after).collect().iter_rows())

    @override
    def held_keys(self, tables: Tables, keys: list[str]) -> set[str]:
        from xray_assets.feedback.intake.request_days import find_rows

        table = tables.read(self.table).select("request_id", "date")
        return set(find_rows(table, pl.Series(keys, dtype=pl.String))["request_id"])

    @override
    def holds(self, request_ids: Sequence[str]) -> bool:
        return self.rows().holds(request_ids)

    @override
    def image(self, image_sha256: str) -> bytes | None:
        return self.rows().image(image_sha256)

    @override
    def hold_films(self, digests: Sequence[str]) -> None:
        from xray_assets.serving.log.kept_films import hold

        hold(Path(self.path), digests)

    @override
    def traffic(self, config_version: int) -> list[ArmTraffic]:
        arms = self.rows().traffic(config_version, counted=self.counted_purpose)
        return [ArmTraffic(**arm) for arm in arms]
