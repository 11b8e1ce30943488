"""The feedback inbox, read by Dagster: SQLite here, a table there. Writing to it is
`xray_assets.feedback`'s business.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import dagster as dg
import polars as pl

from xray_assets.contracts import TIMESTAMP
from xray_assets.resources.unconnected import NotYetOnDatabricks


class FeedbackInbox(dg.ConfigurableResource, ABC):
    """What readers sent, in order, and how long it may wait for its prediction."""

    pending_seconds: float = 3600.0

    @abstractmethod
    def position(self) -> int:
        """The last position; 0 while nothing was ever sent."""

    @abstractmethod
    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """At most `limit` feedbacks after a position, in order; columns of
        `feedback.sent.SENT`.
        """


class LocalInbox(FeedbackInbox):
    """The local SQLite inbox."""

    path: str

    def position(self) -> int:
        """See FeedbackInbox."""
        return self._reader.position()

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See FeedbackInbox."""
        from xray_assets.feedback.sent import SENT

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


class FeedbackTable(FeedbackInbox):
    """The inbox as a table of Unity Catalog."""

    def position(self) -> int:
        """See FeedbackInbox."""
        raise NotYetOnDatabricks("reading the feedback inbox")

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See FeedbackInbox."""
        raise NotYetOnDatabricks("reading the feedback inbox")
