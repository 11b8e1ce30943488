"""Why something was decided: a code for programs, a sentence for people.

Programs compare codes and never read a sentence. A table keeps the codes in one column and the
sentences in another, one a line each, in the same order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

TOO_FEW = ("too_few_reviewed", "too_few_positives", "too_few_negatives")
"""Codes of a verdict that waits for more reads."""

INCONCLUSIVE = "inconclusive"
"""Code of an experiment that has had all its reads: it ends, and the champion serves."""

BACKLOG = "backlog"
"""Code of a verdict that waits for drawn disagreements that nobody has settled in time."""

SAMPLE_RATIO, RECENT_EVIDENCE = "sample_ratio", "recent_evidence"
ALARMS = (SAMPLE_RATIO, RECENT_EVIDENCE)
"""Codes of a verdict that are red guards of a ramp."""

(
    NOT_CLOSED,
    NO_ROWS,
    FEATURES_MISSING,
    NO_READS,
    BASELINE_INCOMPLETE,
    RECORD_BROKEN,
    ERROR,
) = NOT_JUDGED = (
    "not_closed",
    "no_rows",
    "features_missing",
    "no_reads",
    "baseline_incomplete",
    "record_broken",
    "error",
)
"""Codes of a day that could not be judged, or not in all (no_reads: whether it harms)."""

JUDGED_WITHIN = timedelta(hours=36)
"""From the end of a day until it is judged, although not all of it may be in the tables; later it
counts as not judged.
"""

MONITORING = "monitoring"
"""Code of a ramp that is held because production changed, or nobody knows whether it did."""


def waits_for_a_baseline(codes: Iterable[str]) -> bool:
    """True where nothing else kept a day from being judged: nobody is alerted, no ramp is held."""
    return {*codes} & {*NOT_JUDGED} == {BASELINE_INCOMPLETE}


@dataclass(frozen=True)
class Reason:
    """One reason, of the rule or of a guard of the ramp."""

    code: str
    sentence: str

    def __str__(self) -> str:
        """As people are shown it."""
        return f"{self.code}: {self.sentence}" if self.code else self.sentence


def codes_of(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The codes alone."""
    return tuple(reason.code for reason in reasons)


def as_columns(reasons: Iterable[Reason]) -> dict[str, str]:
    """The columns `reason_codes` and `reasons` of a row."""
    reasons = tuple(reasons)
    sentences = (reason.sentence for reason in reasons)
    return {"reason_codes": "\n".join(codes_of(reasons)), "reasons": "\n".join(sentences)}


def from_columns(row: Mapping[str, Any]) -> tuple[Reason, ...]:
    """The reasons of a row with these columns; without codes in a row from before they were kept.

    Raises ValueError when the columns do not match.
    """
    sentences = row["reasons"].split("\n")
    codes = (row["reason_codes"] or "\n" * (len(sentences) - 1)).split("\n")
    return tuple(Reason(*pair) for pair in zip(codes, sentences, strict=True))
