"""The feedback inbox, read by Dagster: SQLite here, a table there. Writing to it is
`xray_assets.feedback`'s business.
"""

from typing import ClassVar

from xray_assets.catalog import FEEDBACK_PENDING, Key
from xray_assets.resources.source import Source


class FeedbackInbox(Source):
    """What readers sent, with the columns of `feedback.intake.sent.SENT`, and how long it may wait
    for its prediction.
    """

    name: ClassVar[str] = "feedback_inbox"
    title: ClassVar[str] = "feedback inbox"
    command: ClassVar[str] = "xray feedback adopt"
    table: ClassVar[Key] = FEEDBACK_PENDING

    pending_seconds: float = 3600.0
