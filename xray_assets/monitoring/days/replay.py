"""Judged days judged again from the tables, on the same looks: nothing is written."""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from xray_assets.catalog import MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.judge import Judged, Open, judge, opened
from xray_assets.monitoring.days.plan import Plan
from xray_assets.monitoring.days.tasks import Row, task_of

DIGITS = 9
"""Significant ones in which figures must agree: sums of another machine differ in the last ones."""

_OF_ITS_TIME = ("judged_at", "state")


@dataclass(frozen=True)
class Replayed:
    """A judged day, and the columns in which it comes out otherwise now; `evidence`: any of those
    rows.
    """

    day: date
    level: str
    level_now: str
    differs: tuple[str, ...]


def replay(
    tables: Tables, plan: Plan, first: date, last: date, *, open_monitor: Open = opened
) -> list[Replayed]:
    """Judge the judged days from the first to the last one again. Raises BaselineEdited.

    Where no state is kept of the day before the first, the days since its baseline are judged
    again too.
    """
    stored = tables.read(MONITORING_DAYS).filter(pl.col("date") <= last).sort("date")
    rows = stored.collect().to_dicts()
    found: list[Replayed] = []
    state: bytes | None = None
    for number in range(_begin(rows, first), len(rows)):
        row, before = rows[number], rows[number - 1] if number else None
        task = task_of(tables, plan, row, before)
        if before and before["baseline_id"] == row["baseline_id"]:
            task = replace(task, state=state or task.state)
        again = judge(tables, plan, task, open_monitor=open_monitor, now=row["judged_at"])
        state = again.row["state"].item()
        if row["date"] >= first:
            differs = _differences(tables, row, again)
            found.append(Replayed(row["date"], row["level"], again.row["level"].item(), differs))
    return found


def _begin(rows: list[Row], first: date) -> int:
    """Where to begin: the first day of its baseline, or one whose day before kept its state."""
    number = next((at for at, row in enumerate(rows) if row["date"] >= first), len(rows))
    while 0 < number < len(rows):
        row, before = rows[number], rows[number - 1]
        if before["baseline_id"] != row["baseline_id"] or not row["baseline_id"]:
            break
        if before["state"]:
            break
        number -= 1
    return number


def _differences(tables: Tables, row: Row, again: Judged) -> tuple[str, ...]:
    contract = CONTRACTS[MONITORING_DAYS]
    was = pl.DataFrame([row], schema=contract.schema)
    names = [name for name in contract.schema if name not in _OF_ITS_TIME]
    found = [name for name in names if not _same(was.select(name), again.row.select(name))]
    unique = list(CONTRACTS[MONITORING_EVIDENCE].unique)
    evidence = tables.read(MONITORING_EVIDENCE).filter(pl.col("date") == row["date"]).collect()
    same = _same(evidence.sort(unique), again.evidence.sort(unique))
    return (*found, *(() if same else ("evidence",)))


def _same(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    numbers, lists = pl.col(pl.Float64), pl.col(pl.List(pl.Float64))
    rounded = (
        numbers.round_sig_figs(DIGITS),
        lists.list.eval(pl.element().round_sig_figs(DIGITS)),
    )
    return one.with_columns(*rounded).equals(other.with_columns(*rounded))
