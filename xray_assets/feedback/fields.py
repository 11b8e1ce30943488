"""The kinds of fields that a feedback has, each with its validation, and how one is refused. Pure.

Validators are given to pydantic; each raises FeedbackRefused, which says what to send instead.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BeforeValidator, ValidationInfo

from xray_assets import clock
from xray_assets.errors import XrayError
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


def identifier(value: object, info: ValidationInfo) -> str:
    """A short printable text."""
    name = info.field_name
    if not isinstance(value, str) or not value.strip():
        raise FeedbackRefused(f"{name} must be a non-empty text")
    value = value.strip()
    if len(value) > NAME_LIMIT or not value.isprintable():
        raise FeedbackRefused(f"{name} must be at most {NAME_LIMIT} printable characters")
    return value


def name(value: object, info: ValidationInfo) -> str:
    """A person's name in its one spelling."""
    try:
        return normalised(identifier(value, info))
    except NameRefused as error:
        raise FeedbackRefused(f"{info.field_name}: {error}") from error


def is_blinded(value: object) -> bool:
    """Whether a film was read before the answer was shown."""
    if not isinstance(value, bool):
        raise FeedbackRefused(
            "blinded must be true or false: was the film read before the answer was shown?"
        )
    return value


def one_of(allowed: Sequence[str]) -> BeforeValidator:
    """A text of a short list, given in any spelling."""

    def check(value: object, info: ValidationInfo) -> str:
        if isinstance(value, str):
            spelled = value.strip().casefold().replace("_", "-")
            for one in allowed:
                if one.casefold().replace("_", "-") == spelled:
                    return one
        raise FeedbackRefused(f"{info.field_name} must be one of {', '.join(allowed)}")

    return BeforeValidator(check, json_schema_input_type=Literal[tuple(allowed)])


def note(value: object) -> str | None:
    """Free text, or none."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > NOTES_LIMIT:
        raise FeedbackRefused(f"notes must be a text of at most {NOTES_LIMIT} characters")
    if not all(character.isprintable() or character in "\n\t" for character in value):
        raise FeedbackRefused("notes must hold printable characters, line breaks and tabs only")
    return value


def moment(value: object, info: ValidationInfo) -> str | None:
    """A moment with a time zone as text in UTC, or none."""
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise FeedbackRefused(
            f"{info.field_name} must be a datetime with a time zone, such as datetime.now(UTC)"
        )
    if value > clock.now() + CLOCK_TOLERANCE:
        raise FeedbackRefused(
            f"{info.field_name} lies in the future: a read cannot supersede answers not yet given"
        )
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def one_to_five(value: object) -> int | None:
    """1 (a guess) to 5 (sure), or not said."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise FeedbackRefused("certainty must be a whole number from 1 (a guess) to 5 (sure)")
    return value
