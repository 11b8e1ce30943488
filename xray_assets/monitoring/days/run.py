"""Judge what days are due, oldest first and each once: what is read, in which order it is written.

A day's row holds the monitor's state and how far was looked, and is written in the commit that
stores which day was the last. Its evidence follows; where a run died in between, the next one
judges the day again with the same look and writes the evidence alone. What comes later of a judged
day is counted in the row of the next one.
"""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from xray_assets.catalog import (
    FILM_FEATURES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    Key,
)
from xray_assets.contracts.tables.days import NOT_SHOWN
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.calendar import ONE_DAY, day_of, days_between, end_of
from xray_assets.monitoring.days.judge import Judged, Open, judge, opened
from xray_assets.monitoring.days.look import LOG
from xray_assets.monitoring.days.pinned import pinned
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.rows import Span
from xray_assets.monitoring.days.tasks import next_task, row_of, task_of
from xray_assets.reasons import JUDGED_WITHIN

DAYS = "judged_days"
"""Source whose position is stored: the ordinal of the last judged day."""

MOST = 7
"""Days a run."""

GRACE = timedelta(minutes=1)
"""From a day's end until no request of it is under way."""

REMEMBERED = timedelta(days=7)
"""How long states are kept: the last one goes on, those before it are for a person's replay."""


def due_days(tables: Tables, timezone: str, now: datetime) -> list[date]:
    """Days that are over and not judged, oldest first; none before the first request."""
    last = tables.position(MONITORING_DAYS, DAYS)
    first = date.fromordinal(last) + ONE_DAY if last else _first_day(tables, timezone)
    return days_between(first, day_of(now - GRACE, timezone) - ONE_DAY) if first else []


def is_taken(tables: Tables, day: date, timezone: str, *, log_is_taken: bool) -> bool:
    """Whether all that was logged of a day is in the tables, scored and drawn.

    log_is_taken: nothing is left in the log; else a later request shows that it was taken so far.
    """
    ends = end_of(day, timezone)
    later = tables.read(PREDICTIONS).filter(
        pl.col("date") >= ends.date(), pl.col("timestamp") >= ends
    )
    if not log_is_taken and later.limit(1).collect().is_empty():
        return False
    return _have_taken(tables, day, timezone, PAIRED_PREDICTIONS, REVIEW_ASSIGNMENTS)


def is_waited_for(now: datetime, day: date, timezone: str) -> bool:
    """Whether a day may still become whole."""
    return now - end_of(day, timezone) < JUDGED_WITHIN


def bring_up_to_date(
    tables: Tables,
    plan: Plan,
    *,
    now: datetime,
    log_is_taken: bool,
    open_monitor: Open = opened,
) -> list[date]:
    """Judge the due days that can be judged, at most MOST; returns them. Raises BaselineEdited."""
    tables = pinned(tables)
    finish_evidence(tables, plan, open_monitor)
    done: list[date] = []
    for day in due_days(tables, plan.timezone, now)[:MOST]:
        closed = is_taken(tables, day, plan.timezone, log_is_taken=log_is_taken)
        closed = closed and _have_taken(tables, day, plan.timezone, FILM_FEATURES)
        if not closed and is_waited_for(now, day, plan.timezone):
            break
        task = next_task(tables, plan, day, closed=closed, now=now)
        _write(tables, judge(tables, plan, task, open_monitor=open_monitor, now=now))
        done.append(day)
    if done:
        _forget_states(tables, done[-1])
    return done


def finish_evidence(tables: Tables, plan: Plan, open_monitor: Open) -> None:
    """Write the evidence of the last judged day, where the run that judged it died before."""
    last = tables.position(MONITORING_DAYS, DAYS)
    if tables.position(MONITORING_EVIDENCE, DAYS) >= last:
        return
    day = date.fromordinal(last)
    if (row := row_of(tables, day)) is None:
        return
    task = task_of(tables, plan, row, row_of(tables, day - ONE_DAY))
    again = judge(tables, plan, task, open_monitor=open_monitor, now=row["judged_at"])
    tables.append(MONITORING_EVIDENCE, again.evidence, source=DAYS, position=last)


def last_row(tables: Tables) -> dict[str, Any] | None:
    """The last judged day's row without its state; None before the first."""
    last = tables.position(MONITORING_DAYS, DAYS)
    rows = tables.read(MONITORING_DAYS).filter(pl.col("date") == date.fromordinal(last or 1))
    found = rows.select(pl.exclude(NOT_SHOWN)).collect()
    return found.row(0, named=True) if found.height else None


def _have_taken(tables: Tables, day: date, timezone: str, *keys: Key) -> bool:
    """Whether these tables have taken all requests of a day."""
    requests = Span(day, day, timezone, tables.position(PREDICTIONS, LOG)).requests(tables)
    last = requests.select(pl.col("log_position").max()).collect().item() or 0
    return all(tables.position(key, LOG) >= last for key in keys)


def _write(tables: Tables, judged: Judged) -> None:
    position = judged.row["date"].item().toordinal()
    tables.append(MONITORING_DAYS, judged.row, source=DAYS, position=position)
    tables.append(MONITORING_EVIDENCE, judged.evidence, source=DAYS, position=position)


def _first_day(tables: Tables, timezone: str) -> date | None:
    """The day of the first request that counts."""
    counted = tables.read(PREDICTIONS).filter(pl.col("purpose") == tables.counted_purpose)
    first = counted.select(pl.col("timestamp").min()).collect().item()
    return day_of(first, timezone) if first else None


def _forget_states(tables: Tables, last: date) -> None:
    """Take the states out of rows that are older than is REMEMBERED; runs before took out those of
    rows that are much older.
    """
    stale = pl.col("date").is_between(last - 5 * REMEMBERED, last - REMEMBERED, closed="left")
    old = tables.read(MONITORING_DAYS).filter(stale, pl.col("state").is_not_null())
    rows = old.with_columns(state=pl.lit(None, pl.Binary)).collect()
    tables.merge(MONITORING_DAYS, rows, within={"date": rows["date"].to_list()})
