"""Measure the films of days that are over and whole in the tables, oldest first and each day once.

A day's rows are written in the commit that stores which day was the last: a run that died measures
its day again, a rerun changes nothing. Only then may the log delete the day's films (`released`).
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import polars as pl

from xray_assets.catalog import FILM_FEATURES, PREDICTIONS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.calendar import (
    ONE_DAY,
    day_of,
    end_of,
    local_date,
    start_of,
    utc_dates,
)
from xray_assets.monitoring.films.rows import COLUMNS, Store, rows_of
from xray_assets.monitoring.films.sample import sampled

DAYS, LOG = "measured_days", "inference_log"
"""Sources whose positions are stored: the last measured day (its ordinal), and the log."""

GRACE = timedelta(minutes=1)
"""From a day's end until no request of it is under way."""

_ANSWERED = 200
_BEGINNING = date(2000, 1, 1)


def bring_up_to_date(
    tables: Tables,
    store: Store,
    *,
    timezone: str,
    most: int,
    now: datetime,
    log_is_taken: bool,
) -> Iterator[tuple[date, int]]:
    """Measure what is due; yields each day of XRAY_TIMEZONE and how many films of it were measured.

    most: films a day and site. log_is_taken: the tables hold all of the log.
    """
    last = _last_whole_day(tables, timezone, now, log_is_taken=log_is_taken)
    if last is None:
        return
    measured = tables.position(FILM_FEATURES, DAYS)
    before = date.fromordinal(measured) if measured else _BEGINNING
    for day, requests in _due(tables, before, last, timezone):
        rows = rows_of(tables, sampled(requests, most), store, now)
        tables.append(FILM_FEATURES, rows, source=DAYS, position=day.toordinal())
        yield day, rows.height
    nothing = CONTRACTS[FILM_FEATURES].empty()
    tables.append(FILM_FEATURES, nothing, source=DAYS, position=last.toordinal())
    taken = _of_days(tables, before, last, timezone).select(pl.col("log_position").max())
    if reached := taken.collect().item():
        tables.append(FILM_FEATURES, nothing, source=LOG, position=reached)


def released(tables: Tables, timezone: str) -> int:
    """The log position up to which no film is waited for."""
    measured = tables.position(FILM_FEATURES, DAYS)
    if not measured:
        return 0
    ends = end_of(date.fromordinal(measured), timezone)
    later = tables.read(PREDICTIONS).filter(
        pl.col("date") >= ends.date(), pl.col("timestamp") >= ends
    )
    first = later.select(pl.col("log_position").min()).collect().item()
    return tables.position(PREDICTIONS, LOG) if first is None else first - 1


def _last_whole_day(
    tables: Tables, timezone: str, now: datetime, *, log_is_taken: bool
) -> date | None:
    """The last day that is over, and all in the tables; None before the first request."""
    newest = tables.read(PREDICTIONS).select(pl.col("timestamp").max()).collect().item()
    if newest is None:
        return None
    whole_until = now if log_is_taken else min(now, newest)
    return day_of(whole_until - GRACE, timezone) - ONE_DAY


def _due(
    tables: Tables, after: date, last: date, timezone: str
) -> Iterator[tuple[date, pl.DataFrame]]:
    """Days after one, up to `last`, with the answered requests that count: `rows.COLUMNS`."""
    days = _answered(tables, after + ONE_DAY, last, timezone).select(
        local_date(pl.col("timestamp"), timezone).unique().sort()
    )
    for day in days.collect().to_series():
        before = tables.read(FILM_FEATURES).filter(utc_dates(day, day)).select("request_id")
        requests = (
            _answered(tables, day, day, timezone)
            .select(COLUMNS)
            .join(before, on="request_id", how="anti")  # measured under another XRAY_TIMEZONE
        )
        yield day, requests.sort("log_position").collect()


def _answered(tables: Tables, first: date, last: date, timezone: str) -> pl.LazyFrame:
    return _of_days(tables, first, last, timezone).filter(
        pl.col("purpose") == tables.counted_purpose,
        pl.col("status_code") == _ANSWERED,
        pl.col("image_sha256").is_not_null(),
    )


def _of_days(tables: Tables, first: date, last: date, timezone: str) -> pl.LazyFrame:
    span = start_of(first, timezone), end_of(last, timezone)
    return tables.read(PREDICTIONS).filter(
        utc_dates(first, last), pl.col("timestamp").is_between(*span, closed="left")
    )
