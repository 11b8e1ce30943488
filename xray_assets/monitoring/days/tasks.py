"""What a day is judged on: the next one, and again one that was judged."""

from datetime import date, datetime
from typing import Any

import polars as pl

from xray_assets.catalog import MONITORING_DAYS, PREDICTIONS
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.store import in_force, make, whole
from xray_assets.monitoring.days.calendar import ONE_DAY, end_of
from xray_assets.monitoring.days.judge import Task
from xray_assets.monitoring.days.look import LOG, Look
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.reads import last_rank
from xray_assets.monitoring.days.served import served_at
from xray_assets.reasons import NOT_CLOSED

Row = dict[str, Any]


def next_task(tables: Tables, plan: Plan, day: date, *, closed: bool, now: datetime) -> Task:
    """What the next day is judged on; makes the baseline that it needs, where that can be."""
    ends, row = end_of(day, plan.timezone), row_of(tables, day - ONE_DAY)
    before = Look.of(row) if row else None
    look = Look(day, tables.position(PREDICTIONS, LOG), last_rank(tables, before, ends))
    served = served_at(tables, ends)
    baseline = in_force(tables, day, served.champion) if served else None
    if baseline is None and served and before:
        made = make(tables, plan, served, before, now)
        baseline = whole(tables, made) if made else None
    return Task(look, before, served, baseline, _state(row, baseline), closed)


def task_of(tables: Tables, plan: Plan, row: Row, row_before: Row | None) -> Task:
    """What a day was judged on. Its row of gold.monitoring_days, and that of the day before it with
    its state.
    """
    baseline = whole(tables, row["baseline_id"]) if row["baseline_id"] else None
    return Task(
        Look.of(row),
        Look.of(row_before) if row_before else None,
        served_at(tables, end_of(row["date"], plan.timezone)),
        baseline,
        _state(row_before, baseline),
        NOT_CLOSED not in row["reason_codes"].split("\n"),
    )


def row_of(tables: Tables, day: date) -> Row | None:
    """The row of a judged day."""
    found = tables.read(MONITORING_DAYS).filter(pl.col("date") == day).collect()
    return found.row(0, named=True) if found.height else None


def _state(row_before: Row | None, baseline: Row | None) -> bytes | None:
    """What the monitor remembers of the days before; None where the baseline is new."""
    goes_on = row_before and baseline and row_before["baseline_id"] == baseline["baseline_id"]
    return row_before["state"] if row_before and goes_on else None
