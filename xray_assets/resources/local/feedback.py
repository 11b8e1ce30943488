"""The local feedback inbox."""

from pathlib import Path

import polars as pl
from typing_extensions import override

from xray_assets.catalog import FEEDBACK_REJECTS, PREDICTION_FEEDBACK
from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables
from xray_assets.resources.feedback import FeedbackInbox
from xray_assets.resources.local.source import LocalSource
from xray_assets.storage.numbered_rows import OtherRows


class LocalInbox(LocalSource, FeedbackInbox):
    """The local SQLite inbox."""

    @override
    def rows(self):
        from xray_assets.feedback.inbox_rows import InboxRows

        return InboxRows(Path(self.path))

    @override
    def bring_up_to_date(self) -> None:
        from xray_assets.feedback.inbox import Inbox

        Inbox(Path(self.path)).close()

    @override
    def read_after(self, cursor: Cursor, limit: int) -> tuple[pl.DataFrame, Cursor]:
        from xray_assets.feedback.intake.sent import SENT

        end = self.end()
        id_ = (cursor if cursor.position else end).source.rpartition("/")[2]
        try:
            rows = self.rows().read_after(cursor.position, limit, id_=id_)
        except OtherRows as error:
            raise self._changed(error) from error
        columns = {
            "inbox_position": pl.Int64,
            "feedback_id": pl.String,
            "feedback": pl.String,
            "received_at": pl.Int64,
        }
        frame = pl.DataFrame(rows, schema=columns, orient="row")
        received = (
            pl.from_epoch("received_at", time_unit="us").dt.replace_time_zone("UTC").cast(TIMESTAMP)
        )
        frame = frame.with_columns(received).select(SENT.names())
        return frame, Cursor.at(end.source, rows[-1][0]) if rows else cursor

    @override
    def taken_keys(self, tables: Tables, after: int) -> dict[int, str]:
        taken = self._taken(tables).filter(pl.col("inbox_position") > after)
        return dict(taken.select("inbox_position", "feedback_id").collect().iter_rows())

    @override
    def held_keys(self, tables: Tables, keys: list[str]) -> set[str]:
        asked = pl.LazyFrame({"feedback_id": keys}, schema={"feedback_id": pl.String})
        held = self._taken(tables).join(asked, on="feedback_id", how="semi").collect()
        return set(held["feedback_id"])

    def _taken(self, tables: Tables) -> pl.LazyFrame:
        keys = (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, self.table)
        return pl.concat([tables.read(key).select("inbox_position", "feedback_id") for key in keys])
