"""One day's judgement from the tables: the same look gives the same row, at any later time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl

from xray_assets.catalog import MONITORING_DAYS
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.frozen import thaw
from xray_assets.monitoring.days.calendar import ONE_DAY, end_of
from xray_assets.monitoring.days.judged import day_row, evidence_rows
from xray_assets.monitoring.days.look import HORIZON, Look
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.rows import ANSWERED, Span, as_days
from xray_assets.monitoring.days.seen import seen
from xray_assets.monitoring.days.served import Served
from xray_assets.monitoring.days.unjudged import expected_of, reasons_of

if TYPE_CHECKING:
    from xray_assets.statistics.drift.day import Day


class DayMonitor(Protocol):
    """What is asked of `statistics.drift.Monitor`."""

    def observe_day(self, day: int, rows: pl.DataFrame, reads: pl.DataFrame) -> "Day":
        """Judge the next day."""
        ...

    def state(self) -> bytes:
        """What is remembered."""
        ...


Open = Callable[[pl.DataFrame, pl.DataFrame, bytes | None], DayMonitor]
"""A monitor on a baseline's films and reads; with a state, as it was then."""


def opened(films: pl.DataFrame, reads: pl.DataFrame, state: bytes | None) -> DayMonitor:
    """The monitor that acts."""
    from xray_assets.statistics.drift.monitor import Monitor

    return Monitor.resumed(films, reads, state) if state else Monitor(films, reads)


@dataclass(frozen=True)
class Task:
    """A day to be judged: how far is looked, the look before it, what is compared.

    baseline: its whole row; None without one. state: of the monitor after the day before, None
    where the baseline is new. closed: False where it was not waited for any longer.
    """

    look: Look
    before: Look | None
    served: Served | None
    baseline: dict[str, Any] | None
    state: bytes | None
    closed: bool


@dataclass(frozen=True)
class Judged:
    """A day's row of gold.monitoring_days and its rows of gold.monitoring_evidence."""

    row: pl.DataFrame
    evidence: pl.DataFrame


def judge(tables: Tables, plan: Plan, task: Task, *, open_monitor: Open, now: datetime) -> Judged:
    """Judge a day. Raises BaselineEdited."""
    look, served, baseline = task.look, task.served, task.baseline
    today = Span(look.day, look.day, plan.timezone, look.log_position)
    on = seen(tables, plan, task)
    films = on.films
    requests = today.requests(tables).select(pl.len()).collect().item()
    day = expected = number = state = None
    if baseline:
        number = (look.day - baseline["to_date"]).days - 1
        zero = baseline["to_date"] + ONE_DAY
        reference, known_reads = thaw(baseline)
        monitor = open_monitor(reference, known_reads, task.state)
        day = monitor.observe_day(number, as_days(films, zero), as_days(on.reads, zero))
        state, expected = monitor.state(), expected_of(reference, look.day.weekday())
    answered = films.filter(pl.col("status_code") == ANSWERED)
    missing = answered.height - int(answered["measured"].sum())
    reasons = reasons_of(
        closed=task.closed,
        requests=requests,
        expected=expected,
        films=answered.height,
        missing=missing,
        day=look.day,
        last_read=look.day if on.n_settled else _last_read(tables, look.day),
    )
    facts = {
        "date": look.day,
        "day": number,
        "baseline_id": baseline["baseline_id"] if baseline else None,
        "served_model_name": served and served.champion,
        "artifact_sha256": served and served.artifact_sha256,
        "experiment_id": served and served.experiment_id,
        "n_requests": requests,
        "n_expected": expected,
        "n_films": films.height,
        "n_patients": films["case_key"].drop_nulls().n_unique(),
        "n_missing_features": missing,
        "n_reads": on.n_settled,
        "n_late": _late(tables, plan, look, task.before),
        "log_position": look.log_position,
        "read_rank": look.read_rank,
        "closed_at": end_of(look.day, plan.timezone),
        "judged_at": now,
        "state": state,
    }
    return Judged(day_row(facts, day, reasons), evidence_rows(facts, day))


def _late(tables: Tables, plan: Plan, look: Look, before: Look | None) -> int:
    """Requests of the days before that came after the look which judged the last of them."""
    if before is None:
        return 0
    earlier = Span(look.day - HORIZON, before.day, plan.timezone, look.log_position)
    late = earlier.requests(tables).filter(pl.col("log_position") > before.log_position)
    return late.select(pl.len()).collect().item()


def _last_read(tables: Tables, day: date) -> date | None:
    """The last day before this one on which reads arrived."""
    read = tables.read(MONITORING_DAYS).filter(pl.col("date") < day, pl.col("n_reads") > 0)
    return read.select(pl.col("date").max()).collect().item()
