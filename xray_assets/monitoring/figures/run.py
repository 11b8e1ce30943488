"""The figures of each judged day, once, in order: a day's rows and its ordinal are one commit."""

from datetime import date, datetime
from typing import Any

import polars as pl

from xray_assets.catalog import (
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    MONITORING_DAYS,
    PROFILE_METRICS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.figures import AGAINST_BASELINE, CONSECUTIVE, GRANULARITY
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.frozen import thaw
from xray_assets.monitoring.days.calendar import ONE_DAY, end_of, start_of
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.run import DAYS
from xray_assets.monitoring.days.seen import Seen, seen
from xray_assets.monitoring.days.tasks import row_of, task_of
from xray_assets.monitoring.figures.drift import drift_rows
from xray_assets.monitoring.figures.estimates import estimate_rows
from xray_assets.monitoring.figures.profile import profile_rows

FIGURES = (PROFILE_METRICS, DRIFT_METRICS, ESTIMATED_PERFORMANCE)

Rows = list[dict[str, Any]]
Window = dict[str, datetime]


def bring_up_to_date(tables: Tables, plan: Plan) -> list[date]:
    """Write the figures of every judged day that has none yet; returns these days. Raises
    BaselineEdited.
    """
    shown = min(tables.position(key, DAYS) for key in FIGURES)
    judged = tables.read(MONITORING_DAYS).filter(pl.col("date") > date.fromordinal(max(shown, 1)))
    days = judged.select("date").sort("date").collect()["date"].to_list()
    for day in days:
        for key, rows in figures_of(tables, plan, day).items():
            frame = pl.DataFrame(_whole(key, rows), schema=CONTRACTS[key].schema)
            tables.append(key, frame, source=DAYS, position=day.toordinal())
    return days


def figures_of(tables: Tables, plan: Plan, day: date) -> dict[Key, Rows]:
    """Rows of the three tables, of a judged day."""
    row, row_before = row_of(tables, day), row_of(tables, day - ONE_DAY)
    assert row is not None  # noqa: S101  (the caller found it in the table)
    task = task_of(tables, plan, row, row_before)
    today = seen(tables, plan, task)
    baseline = thaw(task.baseline) if task.baseline else None
    window = _window(day, day, plan)
    same = {"date": day, "window": window, "granularity": GRANULARITY}
    drift: Rows = []
    if task.baseline and baseline:
        days = _window(task.baseline["from_date"], task.baseline["to_date"], plan)
        drift += _compared(today, baseline[0], AGAINST_BASELINE, days)
    if row_before:
        before = seen(tables, plan, task_of(tables, plan, row_before, None))
        yesterday = _window(day - ONE_DAY, day - ONE_DAY, plan)
        drift += _compared(today, before.films, CONSECUTIVE, yesterday)
    return {
        PROFILE_METRICS: [same | one for one in profile_rows(today.films, today.reads)],
        DRIFT_METRICS: [same | one for one in drift],
        ESTIMATED_PERFORMANCE: estimate_rows(row, today.films, today.reads, baseline),
    }


def _compared(today: Seen, films: pl.DataFrame, drift_type: str, window: Window) -> Rows:
    same = {"drift_type": drift_type, "window_cmp": window}
    return [same | row for row in drift_rows(today.films, films)]


def _window(first: date, last: date, plan: Plan) -> Window:
    return {"start": start_of(first, plan.timezone), "end": end_of(last, plan.timezone)}


def _whole(key: Key, rows: Rows) -> Rows:
    """The rows with every column of the contract."""
    empty = dict.fromkeys(CONTRACTS[key].schema.names())
    return [empty | row for row in rows]
