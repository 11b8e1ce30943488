"""Experiments and their decisions, from the tables."""

import json
from dataclasses import dataclass
from typing import Any

import polars as pl

from xray_assets.audit.chain import POSITION
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.lake.tables import Tables
from xray_assets.reasons import Reason, from_columns
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import read_state

_LISTED = (
    "decision_id",
    "chain_position",
    "decided_at",
    "verdict",
    "reason_codes",
    "reasons",
    "n_reviewed",
    "e_better",
    "e_not_missing_more",
    "e_worse",
    "e_missing_more",
    "run_id",
)


@dataclass(frozen=True)
class Decision:
    """A row of gold.promotion_decision as pages show it; `row` holds the columns that were read."""

    row: dict[str, Any]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why."""
        return from_columns(self.row)

    @property
    def report(self) -> Any:
        """Every figure of the promotion report, nested."""
        return json.loads(self.row["report"])


def experiments(tables: Tables) -> list[Experiment]:
    """Every experiment, newest first."""
    return list(reversed(read_state(tables).experiments))


def experiment(tables: Tables, experiment_id: str) -> Experiment | None:
    """One experiment; None where there is none of this id."""
    found = (one for one in experiments(tables) if one.experiment_id == experiment_id)
    return next(found, None)


def decisions(tables: Tables, experiment_id: str) -> list[Decision]:
    """An experiment's decisions, newest first, without their long columns."""
    stored = tables.read(PROMOTION_DECISION).filter(pl.col("experiment_id") == experiment_id)
    rows = stored.select(_LISTED).sort(POSITION, descending=True).collect()
    return [Decision(row) for row in rows.iter_rows(named=True)]


def decision(tables: Tables, position: int) -> Decision | None:
    """One decision with every column, by its place in the record; None where there is none."""
    rows = tables.read(PROMOTION_DECISION).filter(pl.col(POSITION) == position).collect()
    return Decision(rows.row(0, named=True)) if rows.height else None


def standing_decision(tables: Tables) -> Decision | None:
    """The last decision of all; None before the first."""
    rows = tables.read(PROMOTION_DECISION).sort(POSITION).tail(1).collect()
    return Decision(rows.row(0, named=True)) if rows.height else None
