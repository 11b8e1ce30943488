"""The feedback inbox as a table of Unity Catalog."""

import polars as pl

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.feedback import FeedbackInbox


class FeedbackTable(FeedbackInbox):
    """The inbox as a table of Unity Catalog."""

    def position(self) -> int:
        """See FeedbackInbox."""
        raise NotYetOnDatabricks("reading the feedback inbox")

    def read_after(self, position: int, limit: int) -> pl.DataFrame:
        """See FeedbackInbox."""
        raise NotYetOnDatabricks("reading the feedback inbox")
