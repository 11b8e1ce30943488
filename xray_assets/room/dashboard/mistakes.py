"""The newest errors and mistakes, row by row, and how the reads stand. Pure.

A case is listed once it is settled: nobody can be asked about it any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from xray_assets.contracts.tables.columns import OPINIONS
from xray_assets.contracts.tables.summaries import FALSE_NEGATIVE
from xray_assets.room.figures import Figure
from xray_assets.statistics.intervals import wilson

SHOWN = 10
"""Rows of each list on the page."""

LEAST_PAIRS = 20


@dataclass(frozen=True)
class Mistake:
    """A settled case that a model got wrong."""

    request_id: str
    kind: str
    served_name: str
    score: float | None
    n_readers: int
    settled_at: datetime | None


@dataclass(frozen=True)
class Failure:
    """A request that failed, was refused or fell back."""

    request_id: str
    timestamp: datetime
    kind: str
    status_code: int
    assigned: str
    served: str
    site: str


@dataclass(frozen=True)
class ReadsView:
    """How the reads of an experiment's cases stand.

    agreement: kappa of readers of the same case. alike: share of pairs of answers that are the
    same. changed: share of second looks, at any case, in which the reader took the model's side.
    """

    settled: int
    due: int
    overdue: int
    uninterpretable: int
    read_twice: int
    agreement: Figure
    alike: Figure
    changed: Figure


def newest_mistakes(rows: pl.DataFrame) -> tuple[Mistake, ...]:
    """From gold.recent_mistakes: settled cases, false negatives first, newest first."""
    settled = rows.filter("is_settled").sort(
        pl.col("kind") != FALSE_NEGATIVE, pl.col("settled_at"), descending=[False, True]
    )
    missed = settled.filter(pl.col("kind") == FALSE_NEGATIVE).head(SHOWN)
    alarmed = settled.filter(pl.col("kind") != FALSE_NEGATIVE).head(SHOWN)
    names = (
        "request_id",
        "kind",
        "served_model_name",
        "prediction_score",
        "n_readers",
        "settled_at",
    )
    return tuple(Mistake(*row) for row in pl.concat([missed, alarmed]).select(names).iter_rows())


def newest_failures(rows: pl.DataFrame) -> tuple[Failure, ...]:
    """From gold.recent_errors, newest first."""
    names = (
        *("request_id", "timestamp", "kind", "status_code"),
        *("assigned_model_name", "served_model_name", "site"),
    )
    newest = rows.sort("log_position", descending=True).head(SHOWN)
    return tuple(Failure(*row) for row in newest.select(names).iter_rows())


def reads_view(
    progress: pl.DataFrame, report: Mapping[str, Any] | None, looks: pl.DataFrame
) -> ReadsView:
    """From gold.review_progress of one experiment, its last report (None: no decision yet), and
    rows of gold.second_looks.
    """
    sums = {name: int(progress[name].sum()) for name in _COUNTS}
    found = (report or {}).get("reader_agreement") or {
        "n": 0,
        "kappa": None,
        "percent_agreement": None,
    }
    n, kappa, alike = found["n"], found["kappa"], found["percent_agreement"]
    share = wilson(round((alike or 0.0) * n), n)
    opinions = looks.select(pl.col(OPINIONS).sum())
    seen, changes = sum(opinions.row(0)), int(opinions["change"][0])
    rate = wilson(changes, seen)
    return ReadsView(
        **sums,
        agreement=Figure("kappa", kappa, n=n, least=LEAST_PAIRS, percent=False, digits=2),
        alike=Figure("alike", alike, float(share.low), float(share.high), n, LEAST_PAIRS),
        changed=Figure(
            "changed", float(rate.value), float(rate.low), float(rate.high), seen, LEAST_PAIRS
        ),
    )


_COUNTS = ("settled", "due", "overdue", "uninterpretable", "read_twice")
