"""What goes in and out of the reading room, and how it refuses. Data alone.

Until a read is committed nothing here holds a model, a score, a label, an arm, a path or a request.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.web.refusals import Refusal

_DAY_SECONDS = 24 * 3600

Opinion = Literal["agree", "keep", "change"]


@dataclass(frozen=True)
class Lease:
    """A film that one reader holds until `expires_at`. `case` is its opaque id for people; `state`
    is held, ended, released or committed; `reopened`: a committed read may be given anew.
    """

    lease: str
    case: str
    expires_at: datetime
    state: str
    reopened: bool = False


@dataclass(frozen=True)
class Film:
    """A film at full resolution, JPEG or PNG, grey, without metadata.

    Samples have `bits` bits. At first a viewer shows `low` as black and `high` as white, in between
    by a line or, with `curve` sigmoid, by 1 / (1 + exp(-4 (value - centre) / width)); and it shows
    the negative of that where `inverted`. `row_mm`, `column_mm`: size of a pixel, where known.
    """

    content: bytes
    media_type: str
    width: int
    height: int
    bits: int
    low: float
    high: float
    curve: Literal["linear", "sigmoid"] = "linear"
    inverted: bool = False
    row_mm: float | None = None
    column_mm: float | None = None


@dataclass(frozen=True)
class Read:
    """What a reader saw: pneumonia, normal, uncertain or uninterpretable; how sure, from 1 (a
    guess) to 5; what is wrong with the film. Seconds are counted by the viewer from when the film
    was shown, whatever its clock says.
    """

    read: str
    certainty: int | None = None
    quality: str | None = None
    notes: str | None = None
    seconds_to_action: float | None = None
    seconds_to_commit: float | None = None

    def __post_init__(self) -> None:
        """Raise FeedbackRefused for times that cannot be; the rest is `Feedback`'s to judge."""
        action, commit = self.seconds_to_action, self.seconds_to_commit
        for seconds in (action, commit):
            if seconds is not None and not 0 <= seconds <= _DAY_SECONDS:
                raise FeedbackRefused("seconds are counted from when the film was shown")
        if action is not None and (commit is None or commit < action):
            raise FeedbackRefused("a read is committed after the first action: send both seconds")


@dataclass(frozen=True)
class Committed:
    """A read that is durable. `answers`: whether the models' answers may be shown now."""

    feedback_id: str
    committed_at: datetime
    answers: bool


@dataclass(frozen=True)
class ModelAnswer:
    """What one model answered. `role` is champion or challenger; None outside of an experiment."""

    model: str
    version: int
    role: str | None
    score: float | None
    threshold: float
    label: int | None
    served: bool


@dataclass(frozen=True)
class Answers:
    """A settled case: what the reader said, what each model answered, and the reader's opinion of
    that where it was given.
    """

    read: str
    models: tuple[ModelAnswer, ...]
    opinion: str | None


@dataclass(frozen=True)
class Heat:
    """Where covering the film lowers (positive) or raises a model's score: rows of a grid over the
    whole film. What the score depends on, not a localisation.
    """

    model: str
    version: int
    grid: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Progress:
    """How much waits for a reader, and what the reader has read today (UTC)."""

    waiting: int
    read_today: int


class LeaseUnknown(Refusal):
    """No lease of this reader has this id."""

    status, error_code = 404, "LEASE_UNKNOWN"


class LeaseTaken(Refusal):
    """The lease has ended and another reader holds the film."""

    status, error_code = 409, "LEASE_TAKEN"


class LeaseEnded(Refusal):
    """The lease was given back, or has ended."""

    status, error_code = 409, "LEASE_ENDED"


class AlreadyCommitted(Refusal):
    """Another read was committed under this lease."""

    status, error_code = 409, "ALREADY_COMMITTED"


class NotCommitted(Refusal):
    """The read comes first."""

    status, error_code = 409, "NOT_COMMITTED"


class AnswersLater(Refusal):
    """The case is not settled: its answers are nobody's yet."""

    status, error_code = 409, "ANSWERS_LATER"


class AnswersSeen(Refusal):
    """The reader has seen the answers, so the blinded read stands."""

    status, error_code = 409, "ANSWERS_SEEN"


class FilmMissing(Refusal):
    """The film is not kept any more, or nothing is known of the request."""

    status, error_code = 404, "FILM_MISSING"
