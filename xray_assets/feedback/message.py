"""One feedback as a reader sends it: its twelve fields, once, with their validation and canonical
JSON. No storage and no log look-up.

API, Python functions, inbox and intake derive their fields from `Feedback`. What is validated here
needs nothing but the message itself; whether it fits the logged prediction is the business of
`receiver` (at once) and `intake` (when the log holds the prediction).
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from xray_assets.contracts.tables.columns import (
    CONFIDENCES,
    FEEDBACK_SOURCES,
    FEEDBACK_TYPES,
    READER_ROLES,
    READS,
)
from xray_assets.errors import XrayError
from xray_assets.feedback.derive import CLAIM_OF_TYPE, READ_OF_TRUTH, TRUTH_OF_READ
from xray_assets.web.roles import NAME_LIMIT, NameRefused, normalised

NOTES_LIMIT = 4000
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


def _id(value: object, info: ValidationInfo) -> str:
    name = info.field_name
    if not isinstance(value, str) or not value.strip():
        raise FeedbackRefused(f"{name} must be a non-empty text")
    value = value.strip()
    if len(value) > NAME_LIMIT or not value.isprintable():
        raise FeedbackRefused(f"{name} must be at most {NAME_LIMIT} printable characters")
    return value


def _name(value: object, info: ValidationInfo) -> str:
    try:
        return normalised(_id(value, info))
    except NameRefused as error:
        raise FeedbackRefused(f"{info.field_name}: {error}") from error


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise FeedbackRefused(
            "blinded must be true or false: was the film read before the answer was shown?"
        )
    return value


def _one_of(allowed: Sequence[str]) -> BeforeValidator:
    """A text of a short list, given in any spelling."""

    def check(value: object, info: ValidationInfo) -> str:
        if isinstance(value, str):
            spelled = value.strip().casefold().replace("_", "-")
            for one in allowed:
                if one.casefold().replace("_", "-") == spelled:
                    return one
        raise FeedbackRefused(f"{info.field_name} must be one of {', '.join(allowed)}")

    return BeforeValidator(check, json_schema_input_type=Literal[tuple(allowed)])


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


class Feedback(BaseModel):
    """One validated feedback; at least one of feedback_type, read and ground_truth is given, and
    they agree. Texts of a list may be spelled in any case.
    """

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    request_id: Annotated[str, BeforeValidator(_id)] = Field(serialization_alias="prediction_id")
    """The request, as the endpoint named it"""
    feedback_type: Annotated[str | None, _one_of(FEEDBACK_TYPES)] = Field(
        None, serialization_alias="claimed_type"
    )
    """The reader's claim; the type itself is derived from the log, which must agree"""
    read: Annotated[str | None, _one_of(READS)] = None
    """What the reader saw"""
    ground_truth: Annotated[str | None, _one_of(tuple(READ_OF_TRUTH))] = None
    """The truth that the read stands for"""
    radiologist_id: Annotated[str, BeforeValidator(_name)]
    """Who read the film; kept in one spelling. Not needed with a reader's own token"""
    reader_role: Annotated[str, _one_of(READER_ROLES)] = "reader"
    """Comes from the token; may only repeat it"""
    blinded: Annotated[bool, BeforeValidator(_truth)] = False
    """The film was read before the model's answer was shown"""
    confidence: Annotated[str, _one_of(CONFIDENCES)] = "confirmed"
    """How sure the reader is"""
    feedback_source: Annotated[str, _one_of(FEEDBACK_SOURCES)] = "manual"
    """Where it came from"""
    notes: Annotated[str | None, BeforeValidator(_notes)] = None
    """Free text; nothing that identifies a patient"""
    timestamp: Annotated[str | None, BeforeValidator(_moment)] = None
    """When the read was made, a datetime with a zone, kept in UTC; null: when the inbox takes it"""
    feedback_id: Annotated[str, BeforeValidator(_id)] = Field(default_factory=lambda: str(uuid4()))
    """Your own id makes a repeat safe"""

    @model_validator(mode="after")
    def _agree(self) -> "Feedback":
        """Fill read and truth from what was said."""
        self.read, self.ground_truth = _settle(self.feedback_type, self.read, self.ground_truth)
        return self

    @property
    def content(self) -> str:
        """Everything but the id as canonical JSON: what is stored, and what idempotency
        compares.
        """
        fields = self.model_dump(by_alias=True, exclude={"feedback_id"})
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def compose(request_id: str, feedback_type: str | None = None, **fields: Any) -> Feedback:
    """A validated feedback of these fields of `Feedback`.

    Raises FeedbackRefused for a bad value and ContradictoryFeedback where two of them disagree.
    """
    given = {"request_id": request_id, "feedback_type": feedback_type, **fields}
    try:
        return Feedback(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = (f"{one['loc'][0]}: {one['msg']}" for one in error.errors()[:20])
        raise FeedbackRefused("; ".join(wrong)) from None
