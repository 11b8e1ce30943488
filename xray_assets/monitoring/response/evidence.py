"""What is answered: judged days, failed retrainings, and what people say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, Self

from xray_assets.contracts.tables.days import LEVELS, MINOR, MODERATE, NONE, UNKNOWN

RISING = tuple(level for level in LEVELS if level != UNKNOWN)
"""The levels in order; UNKNOWN stands beside them."""


def rank(level: str) -> int:
    """Place in the order of levels."""
    return RISING.index(level)


@dataclass(frozen=True, kw_only=True)
class JudgedDay:
    """A row of gold.monitoring_days, as far as it is answered. Sites: the empty name is all of
    them together. `review`: the share of coming films to review, by site.
    """

    date: date
    closed_at: datetime
    baseline_id: str | None = None
    level: str = NONE
    kind: str = ""
    sites: tuple[str, ...] = ()
    harm_sites: tuple[str, ...] = ()
    no_harm_sites: tuple[str, ...] = ()
    log_evidence: float | None = None
    reason_codes: tuple[str, ...] = ()
    review: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """From the table's row."""
        return cls(
            date=row["date"],
            closed_at=row["closed_at"],
            baseline_id=row["baseline_id"],
            level=row["level"],
            kind=row["kind"],
            sites=tuple(row["sites"]),
            harm_sites=tuple(row["harm_sites"]),
            no_harm_sites=tuple(row["no_harm_sites"]),
            log_evidence=row["log_evidence"],
            reason_codes=tuple(row["reason_codes"].split()),
            review=tuple(zip(row["review_sites"], row["review_shares"], strict=True)),
        )

    @property
    def evidence(self) -> str:
        """The level that the day speaks for: none where it could not be judged, and MINOR instead
        of MODERATE where no harm is shown at every site that changed.
        """
        if self.level == UNKNOWN:
            return NONE
        return MINOR if self.level == MODERATE and self.shows_no_harm else self.level

    @property
    def shows_no_harm(self) -> bool:
        """True where something changed, and no harm is shown wherever it did."""
        return bool(self.sites) and {*self.sites} <= {*self.no_harm_sites} and not self.harm_sites


@dataclass(frozen=True)
class Word:
    """What a person says; refused words never come here (`acts`)."""

    act: Literal["ack", "snooze", "resolve"]
    by: str
    reason: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Evidence:
    """What is new: judged days in order, and the newest retrainings that failed one after another,
    the last of them first.
    """

    days: tuple[JudgedDay, ...] = ()
    failed_retrainings: tuple[str, ...] = ()
