"""One feedback as a reader sends it: its fields, once, and its canonical JSON. No storage and no
log look-up; how a field is validated is in `fields`.

API, Python functions, inbox and intake derive their fields from `Feedback`. What is validated here
needs nothing but the message itself; whether it fits the logged prediction is the business of
`receiver` (at once) and `intake` (when the log holds the prediction).
"""

import json
from typing import Annotated, Any
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from xray_assets.contracts.tables.columns import (
    CONFIDENCES,
    FEEDBACK_SOURCES,
    FEEDBACK_TYPES,
    FILM_QUALITIES,
    OPINIONS,
    READER_ROLES,
    READS,
)
from xray_assets.feedback.derive import (
    CLAIM_OF_TYPE,
    CONFIDENCE_OF_CERTAINTY,
    READ_OF_TRUTH,
    TRUTH_OF_READ,
)
from xray_assets.feedback.fields import (
    ContradictoryFeedback,
    FeedbackRefused,
    identifier,
    is_blinded,
    moment,
    name,
    note,
    one_of,
    one_to_five,
)


class RoomFields(BaseModel):
    """What the reading room alone adds to a read: when, under which lease, and what it follows."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    lease: Annotated[str | None, BeforeValidator(identifier)] = None
    """The lease of the reading room"""
    shown_at: Annotated[str | None, BeforeValidator(moment)] = None
    """When the film was shown"""
    first_action_at: Annotated[str | None, BeforeValidator(moment)] = None
    """When the reader first did anything"""
    committed_at: Annotated[str | None, BeforeValidator(moment)] = None
    """When the read was committed"""
    second_to: Annotated[str | None, BeforeValidator(identifier)] = None
    """The feedback that this later, unblinded look follows"""
    opinion: Annotated[str | None, one_of(OPINIONS)] = None
    """What became of that read once the model's answer was shown"""


class Feedback(RoomFields):
    """One validated feedback; at least one of feedback_type, read and ground_truth is given, and
    they agree. Texts of a list may be spelled in any case.
    """

    request_id: Annotated[str, BeforeValidator(identifier)] = Field(
        serialization_alias="prediction_id"
    )
    """The request, as the endpoint named it"""
    feedback_type: Annotated[str | None, one_of(FEEDBACK_TYPES)] = Field(
        None, serialization_alias="claimed_type"
    )
    """The reader's claim; the type itself is derived from the log, which must agree"""
    read: Annotated[str | None, one_of(READS)] = None
    """What the reader saw"""
    ground_truth: Annotated[str | None, one_of(tuple(READ_OF_TRUTH))] = None
    """The truth that the read stands for"""
    radiologist_id: Annotated[str, BeforeValidator(name)]
    """Who read the film; kept in one spelling. Not needed with a reader's own token"""
    reader_role: Annotated[str, one_of(READER_ROLES)] = "reader"
    """Comes from the token; may only repeat it"""
    blinded: Annotated[bool, BeforeValidator(is_blinded)] = False
    """The film was read before the model's answer was shown"""
    confidence: Annotated[str, one_of(CONFIDENCES)] = "confirmed"
    """How sure the reader is; follows from certainty where that is given"""
    certainty: Annotated[int | None, BeforeValidator(one_to_five)] = None
    """The same from 1 (a guess) to 5 (sure)"""
    quality: Annotated[str | None, one_of(FILM_QUALITIES)] = None
    """What is wrong with the film"""
    feedback_source: Annotated[str, one_of(FEEDBACK_SOURCES)] = "manual"
    """Where it came from"""
    notes: Annotated[str | None, BeforeValidator(note)] = None
    """Free text; nothing that identifies a patient"""
    timestamp: Annotated[str | None, BeforeValidator(moment)] = None
    """When the read was made, a datetime with a zone, kept in UTC; null: when the inbox takes it"""
    feedback_id: Annotated[str, BeforeValidator(identifier)] = Field(
        default_factory=lambda: str(uuid4())
    )
    """Your own id makes a repeat safe"""

    @model_validator(mode="after")
    def _agree(self) -> "Feedback":
        """Fill read, truth and confidence from what was said."""
        self.read, self.ground_truth = _settle(self.feedback_type, self.read, self.ground_truth)
        if self.certainty is not None:
            follows = CONFIDENCE_OF_CERTAINTY[self.certainty]
            if "confidence" in self.model_fields_set and self.confidence != follows:
                raise ContradictoryFeedback(
                    f"certainty {self.certainty} means confidence {follows}: leave confidence out"
                )
            self.confidence = follows
        if (self.opinion is None) != (self.second_to is None) or (self.opinion and self.blinded):
            raise FeedbackRefused("an opinion is unblinded and names the read that it is second to")
        return self

    @property
    def content(self) -> str:
        """Everything but the id as canonical JSON: what is stored, and what idempotency compares.

        Fields of later releases are left out where nothing was said: a read of an earlier one keeps
        its content.
        """
        fields = self.model_dump(by_alias=True, exclude={"feedback_id"})
        said = {name: value for name, value in fields.items() if value is not None}
        first = dict.fromkeys(_FIRST_FIELDS & fields.keys())
        return json.dumps(first | said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


ROOM_FIELDS = frozenset(RoomFields.model_fields)
_FIRST_FIELDS = {"claimed_type", "ground_truth", "notes", "timestamp"}
"""Fields of 0.1.0 that may hold nothing."""


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
