"""The feedback inbox as a table of Unity Catalog."""

from xray_assets.resources.databricks.source import DatabricksSource
from xray_assets.resources.feedback import FeedbackInbox


class FeedbackTable(DatabricksSource, FeedbackInbox):
    """The inbox as a table of Unity Catalog."""
