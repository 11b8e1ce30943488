"""The local feedback inbox."""

from pathlib import Path

import polars as pl

from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.resources.feedback import FeedbackInbox


class LocalInbox(FeedbackInbox):
    """The local SQLite inbox."""

    path: str

    def position(self) -> int:
        """See FeedbackInbox."""
        return self._reader.position()

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See FeedbackInbox."""
        from xray_assets.feedback.intake.sent import SENT

        rows = self._reader.read_after(position, limit)
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
        return frame.with_columns(received).select(SENT.names())

    @property
    def _reader(self):
        from xray_assets.feedback.inbox_reader import InboxReader

        return InboxReader(Path(self.path))
