"""From what a reader says to the feedback that is sent: the blinded read, and the second look once
the answers were shown. Pure.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.feedback.message import Feedback, compose
from xray_assets.reading.forms import Opinion, Read
from xray_assets.reading.lease_file import Draft, Held
from xray_assets.reading.leases import SECOND
from xray_assets.web.roles import Account

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def blinded_read(
    held: Held, reader: Account, read: Read, commit_id: str, now: int, source: str
) -> Feedback:
    """The read of a lease, committed at `now` (microseconds). Where the viewer did not count, the
    film was shown when it was fetched. Raises FeedbackRefused.
    """
    shown, acted = held.shown_us, None
    if read.seconds_to_commit is not None:
        shown = now - round(read.seconds_to_commit * SECOND)
        if read.seconds_to_action is not None:
            acted = shown + round(read.seconds_to_action * SECOND)
    return compose(
        held.request_id,
        read=read.read,
        radiologist_id=reader.name,
        reader_role=reader.role,
        blinded=True,
        certainty=read.certainty,
        quality=read.quality,
        feedback_source=source,
        notes=read.notes,
        feedback_id=commit_id,
        lease=held.lease,
        shown_at=None if shown is None else moment(shown),
        first_action_at=None if acted is None else moment(acted),
        committed_at=moment(now),
    )


def second_look(
    held: Held, reader: Account, read: str, opinion: Opinion, draft: Draft, source: str
) -> Feedback:
    """An unblinded read that says what became of the blinded one. Raises FeedbackRefused."""
    return compose(
        held.request_id,
        read=read,
        radiologist_id=reader.name,
        reader_role=reader.role,
        blinded=False,
        feedback_source=source,
        feedback_id=draft.commit_id,
        lease=held.lease,
        committed_at=moment(draft.committed_us),
        second_to=draft.second_to,
        opinion=opinion,
    )


def moment(microseconds: int) -> datetime:
    """Microseconds since 1970 as a time in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def commit_uuid(commit_id: str) -> str:
    """The one spelling of a client's UUID. Raises FeedbackRefused."""
    try:
        return str(UUID(commit_id))
    except (ValueError, TypeError, AttributeError):
        raise FeedbackRefused("a commit id is a UUID that the client makes") from None
