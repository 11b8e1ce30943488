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

from xray_assets.cases.review_run import LOG, READS, days_of, rows_after
from xray_assets.catalog import (
    CLINICAL,
    DUE,
    EXPERIMENTS,
    OVERDUE,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.feedback.standing import standing
from xray_assets.lake.tables import Tables
from xray_assets.review.draws import CASE_COLUMNS, draw
from xray_assets.review.ordering import fix_mornings, mornings, write_down_experiments
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


def new_cases(tables: Tables, low: int, high: int) -> pl.DataFrame:
    """The cases of the log's positions above `low`, up to `high`: `review.draws.CASE_COLUMNS`.

    In an experiment a patient's first scored request; outside of one the first of a day, since the
    day on which reviews began: older films are not drawn.
    """
    window = pl.col("log_position").is_between(low, high, closed="right")
    logged = tables.read(PREDICTIONS).filter(window).select(
        *("request_id", "case_key", "image_sha256", "site", "log_position", "timestamp"),
        *("experiment_id", "status_code", "purpose"),
        prediction_date="date",
    )  # fmt: skip
    began = mornings(tables)["effective_from"].min()
    answered = logged.filter(
        pl.col("experiment_id").is_null(),
        pl.col("status_code") == 200,
        pl.col("purpose") == CLINICAL,
        pl.col("case_key").is_not_null(),
        pl.col("image_sha256").is_not_null(),
        pl.col("timestamp") >= began,
    ).collect()
    plain = (
        answered.sort("log_position")
        .unique(["case_key", "prediction_date"], keep="first", maintain_order=True)
        .join(_sampled(tables, answered), on=["case_key", "prediction_date"], how="anti")
    )
    no_label = pl.lit(None, pl.Int32)
    outside = plain.with_columns(
        scored_at="timestamp", champion_label=no_label, challenger_label=no_label
    )
    pairs = tables.read(PAIRED_PREDICTIONS).filter(window, "is_case").select(
        "request_id", "scored_at", "champion_label", "challenger_label"
    )  # fmt: skip
    paired = logged.join(pairs, on="request_id").collect()
    inside = paired.filter(
        pl.col("experiment_id").is_in(_logged_experiments(tables).implode())
        | (pl.col("scored_at") >= began)
    )
    both = [frame.select(CASE_COLUMNS) for frame in (inside, outside)]
    return pl.concat(both, how="vertical_relaxed").sort("log_position")


def _logged_experiments(tables: Tables) -> pl.Series:
    rows = tables.read(EXPERIMENTS).filter(pl.col("review_policy_hash").is_not_null())
    return rows.select("experiment_id").collect()["experiment_id"]


def _sampled(tables: Tables, answered: pl.DataFrame) -> pl.DataFrame:
    """Patients and days, of those asked about, that have a draw outside of an experiment."""
    found = tables.read(REVIEW_ASSIGNMENTS).filter(
        pl.col("prediction_date").is_in(days_of(answered, "prediction_date")),
        pl.col("experiment_id").is_null(),
        pl.col("case_key").is_in(answered["case_key"].implode()),
    )
    return found.select("case_key", "prediction_date").collect()


def _drawn(
    tables: Tables, cases: pl.DataFrame, secret: bytes, budget: int, now: datetime
) -> pl.DataFrame:
    if cases.is_empty():
        return CONTRACTS[REVIEW_ASSIGNMENTS].empty()
    fix_mornings(tables, days_of(cases.with_columns(_scored_day), "day"), budget=budget)
    low, high = cases["scored_at"].min(), cases["scored_at"].max()
    orders = in_force(tables.read(REVIEW_POLICY).collect(), low, high)  # type: ignore[arg-type]
    return _with_states(tables, draw(cases, orders, secret), now)


_scored_day = pl.col("scored_at").dt.date().alias("day")


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
