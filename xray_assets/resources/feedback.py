"""The feedback inbox, read by Dagster: SQLite here, a table there. Writing to it is
`xray_assets.feedback`'s business.
"""

from abc import ABC, abstractmethod

import dagster as dg
import polars as pl


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
