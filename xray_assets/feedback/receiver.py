"""Feedback as it is received: checked against the logged prediction, stored durably, answered with
a receipt. Used by Python users, CLI and API.

Nothing is stored unless all of it can be. What the log does not hold yet is stored as pending; the
asset judges it later.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from xray_assets.feedback.derive import CLAIM_OF_TYPE, feedback_type
from xray_assets.feedback.fields import ContradictoryFeedback, FeedbackRefused
from xray_assets.feedback.inbox import Entry, Inbox, Stored
from xray_assets.feedback.message import Feedback
from xray_assets.feedback.prediction_log import Prediction, PredictionLog
from xray_assets.lake.local import demand_local
from xray_assets.settings import Settings

BATCH_LIMIT = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REFUSALS_SHOWN = 20


class FeedbackBatchRefused(FeedbackRefused):
    """Some rows of a batch are refused, so none is stored; `problems` holds (row number from 0,
    message).
    """

    def __init__(self, problems: Sequence[tuple[int, str]]) -> None:
        shown = "; ".join(f"row {row}: {message}" for row, message in problems[:_REFUSALS_SHOWN])
        more = (
            f"; and {len(problems) - _REFUSALS_SHOWN} more"
            if len(problems) > _REFUSALS_SHOWN
            else ""
        )
        super().__init__(f"nothing was stored, {len(problems)} rows are refused: {shown}{more}")
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Receipt:
    """The answer to a stored feedback; sending the same feedback again gives the same receipt."""

    feedback_id: str
    request_id: str
    status: str
    """`accepted`, or `pending` when the log did not hold the request yet."""
    feedback_type: str | None
    """Derived from the logged label and the truth; None while pending or without a truth."""
    position: int
    received_at: datetime


class FeedbackReceiver:
    """One open inbox and one view of the predictions. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        """Open the inbox. Raises InboxUnavailable, and NotYetOnDatabricks on that deployment."""
        demand_local(settings, "submitting feedback")
        self._inbox = Inbox(settings.feedback_inbox)
        self._log = PredictionLog(settings)

    def submit(self, feedbacks: Sequence[Feedback]) -> list[Receipt]:
        """Store all or none and answer in order.

        Raises FeedbackRefused or, of several, FeedbackBatchRefused: an id used for another content,
        a type that contradicts the logged label, a request that was answered with an error.
        InboxUnavailable: nothing was stored, send it again.
        """
        if len(feedbacks) > BATCH_LIMIT:
            raise FeedbackRefused(f"a batch holds at most {BATCH_LIMIT} feedbacks: send several")
        stored = [self._inbox.find(feedback.feedback_id) for feedback in feedbacks]
        new = [feedback for feedback, known in zip(feedbacks, stored, strict=True) if known is None]
        predictions = self._log.find(feedback.request_id for feedback in new)
        entries, refusals = [], []
        for row, (feedback, known) in enumerate(zip(feedbacks, stored, strict=True)):
            try:
                if known is not None:
                    entries.append(known.again(feedback.content))
                else:
                    entries.append(judge(feedback, predictions.get(feedback.request_id)))
            except FeedbackRefused as refusal:
                refusals.append((row, refusal))
        if refusals and len(feedbacks) == 1:
            raise refusals[0][1]
        if refusals:
            raise FeedbackBatchRefused([(row, str(refusal)) for row, refusal in refusals])
        return [
            _receipt(feedback, entry)
            for feedback, entry in zip(feedbacks, self._inbox.add(entries), strict=True)
        ]

    def prediction(self, request_id: str) -> Prediction | None:
        """What is logged of a request."""
        return self._log.find([request_id]).get(request_id)

    def stored(self, feedback_id: str) -> Stored | None:
        """What the inbox holds under an id."""
        return self._inbox.find(feedback_id)

    def position(self) -> int:
        """The inbox's last position."""
        return self._inbox.position()

    def close(self) -> None:
        """Give the inbox back."""
        self._inbox.close()

    def __enter__(self) -> "FeedbackReceiver":
        """Close on leaving the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()


def judge(feedback: Feedback, prediction: Prediction | None) -> Entry:
    """The entry to store for a feedback about a prediction, or about one that is not logged yet.

    Raises ContradictoryFeedback when the claimed type contradicts the logged label, FeedbackRefused
    when the request failed.
    """
    if prediction is None:
        _demand_request_id(feedback.request_id)
        answer = {"status": "pending", "feedback_type": None}
        return Entry(feedback.feedback_id, feedback.content, json.dumps(answer))
    label = prediction.predicted_label
    if label is None:
        raise FeedbackRefused(
            f"request {feedback.request_id} was answered with status {prediction.status_code}: "
            "there is no prediction to review"
        )
    if feedback.feedback_type is not None and CLAIM_OF_TYPE[feedback.feedback_type][0] != label:
        raise ContradictoryFeedback(
            f"feedback_type {feedback.feedback_type!r} contradicts the log: the model answered "
            f"{('normal', 'pneumonia')[label]} (predicted_label {label}); send the read, and the "
            "type is derived"
        )
    answer = {"status": "accepted", "feedback_type": feedback_type(label, feedback.ground_truth)}
    return Entry(feedback.feedback_id, feedback.content, json.dumps(answer))


def _demand_request_id(request_id: str) -> None:
    """What the log does not hold yet may come; what can be no request id never will."""
    try:
        UUID(request_id)
    except ValueError:
        raise FeedbackRefused(
            "request_id is none of the endpoint's, which look like "
            "019a0000-0000-7000-8000-000000000001: nothing was stored"
        ) from None


def _receipt(feedback: Feedback, stored: Stored) -> Receipt:
    return Receipt(
        feedback_id=stored.feedback_id,
        request_id=feedback.request_id,
        position=stored.position,
        received_at=_EPOCH + timedelta(microseconds=stored.received_at),
        **json.loads(stored.answer),
    )
