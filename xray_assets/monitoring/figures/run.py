"""The figures of each judged day, once, in order: a day's rows and its ordinal are one commit."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from xray_assets.catalog import (
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    MONITORING_BASELINES,
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


@dataclass(frozen=True)
class Compared:
    """A row of gold.monitoring_baselines, and its films and reads."""

    row: dict[str, Any]
    films: pl.DataFrame
    reads: pl.DataFrame


def bring_up_to_date(tables: Tables, plan: Plan) -> list[date]:
    """Write the figures of every judged day that has none yet; returns these days. Raises
    BaselineEdited.
    """
    shown = min(tables.position(key, DAYS) for key in FIGURES)
    new = tables.read(MONITORING_DAYS).filter(pl.col("date") > date.fromordinal(max(shown, 1)))
    judged = new.select("date", "baseline_id").sort("date").collect()
    compared_with = tables.read(MONITORING_BASELINES).filter(
        pl.col("baseline_id").is_in(judged["baseline_id"].unique().implode())
    )
    known = {row["baseline_id"]: row for row in compared_with.collect().iter_rows(named=True)}
    baselines = {name: Compared(row, *thaw(row)) for name, row in known.items()}
    days = judged["date"].to_list()
    for day, baseline_id in judged.rows():
        of_day = figures_of(tables, plan, day, baselines.get(baseline_id))
        for key, rows in of_day.items():
            frame = pl.DataFrame(_whole(key, rows), schema=CONTRACTS[key].schema)
            tables.append(key, frame, source=DAYS, position=day.toordinal())
    return days


def figures_of(tables: Tables, plan: Plan, day: date, baseline: Compared | None) -> dict[Key, Rows]:
    """Rows of the three tables, of a judged day."""
    row, row_before = row_of(tables, day), row_of(tables, day - ONE_DAY)
    assert row is not None  # noqa: S101  (the caller found it in the table)
    today = seen(tables, plan, task_of(tables, plan, row, row_before))
    window = _window(day, day, plan)
    same = {"date": day, "window": window, "granularity": GRANULARITY}
    drift: Rows = []
    if baseline:
        days = _window(baseline.row["from_date"], baseline.row["to_date"], plan)
        drift += _compared(today, baseline.films, AGAINST_BASELINE, days)
    if row_before:
        before = seen(tables, plan, task_of(tables, plan, row_before, None))
        yesterday = _window(day - ONE_DAY, day - ONE_DAY, plan)
        drift += _compared(today, before.films, CONSECUTIVE, yesterday)
    return {
        PROFILE_METRICS: [same | one for one in profile_rows(today.films, today.reads)],
        DRIFT_METRICS: [same | one for one in drift],
        ESTIMATED_PERFORMANCE: estimate_rows(
            row, today.films, today.reads, (baseline.films, baseline.reads) if baseline else None
        ),
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
