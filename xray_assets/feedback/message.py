"""One feedback as a reader sends it: its fields, their validation, its canonical JSON. No storage
and no log look-up.

What is validated here needs nothing but the message itself; whether it fits the logged prediction
is the business of `submission.py` (at once) and `intake.py` (when the log holds the prediction).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from xray_assets.contracts.tables.columns import (
    CONFIDENCES,
    FEEDBACK_SOURCES,
    FEEDBACK_TYPES,
    READER_ROLES,
    READS,
)
from xray_assets.errors import XrayError
from xray_assets.feedback.derive import CLAIM_OF_TYPE, READ_OF_TRUTH, TRUTH_OF_READ

ID_LIMIT, NOTES_LIMIT = 200, 4000
CLOCK_TOLERANCE = timedelta(minutes=5)


class FeedbackRefused(XrayError):
    """A feedback that is not stored; the message says why and what to send instead."""

    error_code = "INVALID_PARAMETER_VALUE"


class ContradictoryFeedback(FeedbackRefused):
    """The feedback contradicts itself or the logged prediction."""

    error_code = "CONTRADICTORY_FEEDBACK"


class FeedbackIdTaken(FeedbackRefused):
    """The feedback id was used before, for another content."""

    error_code = "RESOURCE_CONFLICT"


@dataclass(frozen=True, kw_only=True)
class Feedback:
    """One validated feedback. `claimed_type` is the reader's word; the type itself is derived from
    the log.
    """

    feedback_id: str
    prediction_id: str
    claimed_type: str | None
    read: str
    ground_truth: str | None
    radiologist_id: str
    reader_role: str
    blinded: bool
    confidence: str
    feedback_source: str
    notes: str | None
    timestamp: str | None
    """When the read was made, ISO 8601 in UTC; None: when the inbox takes it."""

    @property
    def content(self) -> str:
        """Everything but the id as canonical JSON: what is stored, and what idempotency
        compares.
        """
        fields = asdict(self)
        del fields["feedback_id"]
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def compose(
    request_id: str,
    feedback_type: str | None = None,
    *,
    radiologist_id: str,
    read: str | None = None,
    ground_truth: str | None = None,
    reader_role: str = "reader",
    blinded: bool = False,
    confidence: str = "confirmed",
    feedback_source: str = "manual",
    notes: str | None = None,
    timestamp: datetime | None = None,
    feedback_id: str | None = None,
) -> Feedback:
    """A validated feedback from at least one of type, read and truth, which must agree; spelling in
    any case.

    Raises FeedbackRefused for a bad value and ContradictoryFeedback where two of them disagree.
    """
    claimed = (
        None if feedback_type is None else _choice("feedback_type", feedback_type, FEEDBACK_TYPES)
    )
    read = None if read is None else _choice("read", read, READS)
    truth = (
        None
        if ground_truth is None
        else _choice("ground_truth", ground_truth, tuple(READ_OF_TRUTH))
    )
    read, truth = _settle(claimed, read, truth)
    if not isinstance(blinded, bool):
        raise FeedbackRefused(
            "blinded must be true or false: was the film read before the answer was shown?"
        )
    return Feedback(
        feedback_id=str(uuid4()) if feedback_id is None else _id("feedback_id", feedback_id),
        prediction_id=_id("request_id", request_id),
        claimed_type=claimed,
        read=read,
        ground_truth=truth,
        radiologist_id=_id("radiologist_id", radiologist_id),
        reader_role=_choice("reader_role", reader_role, READER_ROLES),
        blinded=blinded,
        confidence=_choice("confidence", confidence, CONFIDENCES),
        feedback_source=_choice("feedback_source", feedback_source, FEEDBACK_SOURCES),
        notes=_notes(notes),
        timestamp=_moment(timestamp),
    )


def _settle(claimed: str | None, read: str | None, truth: str | None) -> tuple[str, str | None]:
    """(read, truth) that type, read and truth agree on."""
    said = {}
    if claimed is not None:
        said[f"feedback_type {claimed!r}"] = CLAIM_OF_TYPE[claimed][1]
    if read is not None:
        said[f"read {read!r}"] = TRUTH_OF_READ[read]
    if truth is not None:
        said[f"ground_truth {truth!r}"] = truth
    if not said:
        raise FeedbackRefused("give at least one of feedback_type, read and ground_truth")
    if len(set(said.values())) > 1:
        raise ContradictoryFeedback(
            " and ".join(f"{name} ({value or 'no truth'})" for name, value in said.items())
            + " contradict each other: send values that mean the same truth"
        )
    settled = next(iter(said.values()))
    return read or READ_OF_TRUTH[settled], settled  # type: ignore[index]  # without a read the truth is known


def _choice(name: str, value: object, allowed: Sequence[str]) -> str:
    if isinstance(value, str):
        spelled = value.strip().casefold().replace("_", "-")
        for one in allowed:
            if one.casefold().replace("_", "-") == spelled:
                return one
    raise FeedbackRefused(f"{name} must be one of {', '.join(allowed)}")


def _id(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FeedbackRefused(f"{name} must be a non-empty text")
    value = value.strip()
    if len(value) > ID_LIMIT or not value.isprintable():
        raise FeedbackRefused(f"{name} must be at most {ID_LIMIT} printable characters")
    return value


def _notes(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > NOTES_LIMIT:
        raise FeedbackRefused(f"notes must be a text of at most {NOTES_LIMIT} characters")
    if not all(character.isprintable() or character in "\n\t" for character in value):
        raise FeedbackRefused("notes must hold printable characters, line breaks and tabs only")
    return value


def _moment(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise FeedbackRefused(
            "timestamp must be a datetime with a time zone, such as datetime.now(UTC)"
        )
    if value > datetime.now(UTC) + CLOCK_TOLERANCE:
        raise FeedbackRefused(
            "timestamp lies in the future: a read cannot supersede answers not yet given"
        )
    return value.astimezone(UTC).isoformat(timespec="microseconds")
