"""Keep gold.review_assignments up to date, exactly once: which rows are read, in which order it is
written.

A new case is drawn in the commit that stores how far the pairs were taken, with the reads it has.
Cases whose reads changed, or whose time is up, are settled again; that may be repeated, and the
position of the reads is stored after it. A draw is never made again: `review/draws.py` is what it
is, `review/states.py` what a state is.
"""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from xray_assets.cases.new_cases import new_cases
from xray_assets.cases.review_run import LOG, READS, days_of, rows_after
from xray_assets.catalog import (
    DUE,
    OVERDUE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.feedback.truth.standing import standing
from xray_assets.lake.tables import Tables
from xray_assets.review.draws import draw
from xray_assets.review.ordering import fix_mornings, write_down_experiments
from xray_assets.review.orders import in_force
from xray_assets.review.states import state_at

BATCH = 250_000
"""Requests a commit."""


@dataclass(frozen=True)
class Assigned:
    """New cases, how many of them were drawn, and earlier ones whose state changed."""

    cases: int
    drawn: int
    changed: int


def bring_up_to_date(tables: Tables, secret: bytes, *, budget: int, now: datetime) -> Assigned:
    """Draw new cases, and settle again those with new reads and those whose time is up."""
    held, end = tables.position(REVIEW_ASSIGNMENTS, LOG), tables.position(PAIRED_PREDICTIONS, LOG)
    marked, last_rank = tables.position(REVIEW_ASSIGNMENTS, READS), _last_rank(tables)
    write_down_experiments(tables)
    fix_mornings(tables, [now.date()], budget=budget)
    cases = drawn = 0
    for low in range(held, end, BATCH):
        high = min(low + BATCH, end)
        rows = _drawn(tables, new_cases(tables, low, high), secret, budget, now)
        tables.append(REVIEW_ASSIGNMENTS, rows, source=LOG, position=high)
        cases, drawn = cases + rows.height, drawn + rows.filter("drawn").height
    changed = _settle_again(tables, marked, held, now)
    if last_rank > marked:
        empty = CONTRACTS[REVIEW_ASSIGNMENTS].empty()
        tables.append(REVIEW_ASSIGNMENTS, empty, source=READS, position=last_rank)
    return Assigned(cases, drawn, changed)


def waiting_films(tables: Tables) -> list[str]:
    """Digests of the films of drawn cases that no read has settled."""
    waits = pl.col("state").is_in((DUE, OVERDUE))
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", waits)
    return drawn.select(pl.col("image_sha256").unique()).collect()["image_sha256"].to_list()


def _drawn(
    tables: Tables, cases: pl.DataFrame, secret: bytes, budget: int, now: datetime
) -> pl.DataFrame:
    if cases.is_empty():
        return CONTRACTS[REVIEW_ASSIGNMENTS].empty()
    days = days_of(cases.select(day=pl.col("scored_at").dt.date()), "day")
    fix_mornings(tables, days, budget=budget)
    low, high = cases["scored_at"].min(), cases["scored_at"].max()
    orders = in_force(tables.read(REVIEW_POLICY).collect(), low, high)  # type: ignore[arg-type]
    return _with_states(tables, draw(cases, orders, secret), now)


def _settle_again(tables: Tables, marked: int, held: int, now: datetime) -> int:
    """Merge the drawn cases up to a log position whose state is another now; returns how many."""
    reads = rows_after(tables, PREDICTION_FEEDBACK, "acceptance_rank", marked)
    asked = reads.select("prediction_id", "prediction_date").unique().collect()
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", pl.col("log_position") <= held)
    is_read = pl.col("prediction_date").is_in(days_of(asked, "prediction_date")) & pl.col(
        "request_id"
    ).is_in(asked["prediction_id"].implode())
    is_late = (pl.col("state") == DUE) & (pl.col("due_at") <= now)
    stored = drawn.filter(is_read | is_late).collect()
    settled = _with_states(tables, stored, now)
    changed = settled.join(
        stored.select("request_id", "state", "n_reads"),
        on=["request_id", "state", "n_reads"],
        how="anti",
    )
    days = days_of(changed, "prediction_date")
    tables.merge(REVIEW_ASSIGNMENTS, changed, within={"prediction_date": days})
    return changed.height


def _with_states(tables: Tables, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The rows with the state and the number of the blinded reads that they have."""
    drawn = rows.filter("drawn")
    reads = tables.read(PREDICTION_FEEDBACK).filter(
        pl.col("prediction_date").is_in(days_of(drawn, "prediction_date")),
        pl.col("prediction_id").is_in(drawn["request_id"].implode()),
    )
    stand = standing(reads.collect())
    placed = rows.drop("n_reads").join(stand, on="request_id", how="left", maintain_order="left")
    filled = placed.with_columns(
        pl.col("n_reads", "n_uninterpretable").fill_null(0),
        pl.col("has_truth", "is_ruled_open").fill_null(False),
    )
    return CONTRACTS[REVIEW_ASSIGNMENTS].conform(
        filled.with_columns(state=state_at(now)).select(rows.columns)
    )


def _last_rank(tables: Tables) -> int:
    ranks = tables.read(PREDICTION_FEEDBACK).select(pl.col("acceptance_rank").max())
    return ranks.collect().item() or 0
