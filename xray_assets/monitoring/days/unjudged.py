"""When a day cannot be judged, whatever its films show. Pure; the codes are in `reasons`."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from xray_assets.reasons import (
    BASELINE_INCOMPLETE,
    FEATURES_MISSING,
    JUDGED_WITHIN,
    NO_READS,
    NO_ROWS,
    NOT_CLOSED,
    Reason,
)

EXPECTED = 20
"""Requests of a weekday, from which none at all is no ordinary day."""

MISSING = 0.1
"""Largest share of films without features."""

LONGEST_WITHOUT_READS = timedelta(days=14)

BLOCKING = (NOT_CLOSED, NO_ROWS, FEATURES_MISSING, BASELINE_INCOMPLETE)
"""Codes with which a day's level is UNKNOWN; without reads only its harm is."""


def expected_of(films: pl.DataFrame, weekday: int) -> float:
    """Requests that a weekday (0 = Monday) had on average in the days of a baseline."""
    its_own = films.filter(pl.col("weekday") == weekday)
    return its_own.height / max(its_own["day"].n_unique(), 1)


def reasons_of(
    *,
    closed: bool,
    requests: int,
    expected: float | None,
    films: int,
    missing: int,
    day: date,
    last_read: date | None,
) -> Iterable[Reason]:
    """Why a day cannot be judged, or not in all.

    expected: requests of such a weekday; None without a baseline. films, missing: those that should
    have features, and those that have none. last_read: the last day on which reads arrived, this
    one included.
    """
    if not closed:
        hours = JUDGED_WITHIN.total_seconds() / 3600
        yield Reason(NOT_CLOSED, f"{hours:.0f} h after its end not all of it was in the tables")
    if expected is None:
        yield Reason(BASELINE_INCOMPLETE, "there is no baseline yet to compare it with")
    elif requests == 0 and expected >= EXPECTED:
        yield Reason(NO_ROWS, f"no request came, such a weekday has {expected:.0f}")
    if missing > MISSING * films:
        yield Reason(FEATURES_MISSING, f"{missing} of {films} films have no features")
    if expected is not None and (last_read is None or day - last_read >= LONGEST_WITHOUT_READS):
        days = LONGEST_WITHOUT_READS.days
        yield Reason(NO_READS, f"no read was settled for {days} days: harm is not known")
