"""Truth as it arrives: blinded reads of cases that were drawn at a logged chance, on the day on
which they settled the case.

A case that was opened again by a later read and settled once more arrives once more. A read that
was accepted only after the day was judged on which it was sent counts on the next day.
"""

from datetime import date, datetime

import polars as pl

from xray_assets.catalog import NUMBER_OF_LABEL, PREDICTION_FEEDBACK, REVIEW_ASSIGNMENTS, SETTLED
from xray_assets.feedback.truth.consensus import consensus
from xray_assets.feedback.truth.standing import standing
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.days.calendar import end_of
from xray_assets.monitoring.days.look import HORIZON, Look
from xray_assets.review.states import state_at

COLUMNS = ("request_id", "prediction_date", "truth", "review_probability")
"""Of settled cases; the truth is 0 (normal) or 1 (pneumonia)."""


def settled_between(
    tables: Tables, before: Look | None, until: Look, timezone: str
) -> pl.DataFrame:
    """COLUMNS of the cases that were settled at the look `until` and not at the one before."""
    recent = pl.col("prediction_date") >= until.day - HORIZON
    reads, over = _blinded(tables, until).filter(recent), end_of(until.day, timezone)
    new = reads
    falls_due = pl.col("due_at") <= over
    if before:
        new = new.filter(pl.col("acceptance_rank") > before.read_rank)
        falls_due &= pl.col("due_at") > end_of(before.day, timezone)
    touched = new.select("prediction_id").unique().collect()["prediction_id"]
    asked = pl.col("request_id").is_in(touched.implode())
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", recent)
    cases = drawn.filter(asked | falls_due).collect()
    about = _about(reads, cases)
    fresh = _settled(cases, about, over)
    if before:
        earlier = about.filter(pl.col("acceptance_rank") <= before.read_rank)
        was = _settled(cases, earlier, end_of(before.day, timezone))
        fresh = fresh.join(was, on="request_id", how="anti")
    return _with_truth(fresh, about)


def settled_of(tables: Tables, first: date, last: date, until: Look, timezone: str) -> pl.DataFrame:
    """COLUMNS of the cases of these days (UTC) that were settled at a look."""
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter(
        "drawn", pl.col("prediction_date").is_between(first, last)
    )
    cases = drawn.collect()
    about = _about(_blinded(tables, until), cases)
    return _with_truth(_settled(cases, about, end_of(until.day, timezone)), about)


def last_rank(tables: Tables, before: Look | None, moment: datetime) -> int:
    """The highest acceptance rank of the reads that were sent before a moment, and never less than
    that of an earlier look.
    """
    held = before.read_rank if before else 0
    new = tables.read(PREDICTION_FEEDBACK).filter(
        pl.col("prediction_date") >= moment.date() - HORIZON,
        pl.col("acceptance_rank") > held,
        pl.col("timestamp") < moment,
    )
    return max(held, new.select(pl.col("acceptance_rank").max()).collect().item() or 0)


def _blinded(tables: Tables, until: Look) -> pl.LazyFrame:
    return tables.read(PREDICTION_FEEDBACK).filter(
        "blinded", pl.col("acceptance_rank") <= until.read_rank
    )


def _about(reads: pl.LazyFrame, cases: pl.DataFrame) -> pl.DataFrame:
    """The reads of these cases."""
    return reads.filter(
        pl.col("prediction_date").is_in(cases["prediction_date"].unique().implode()),
        pl.col("prediction_id").is_in(cases["request_id"].implode()),
    ).collect()


def _settled(cases: pl.DataFrame, reads: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """The cases that these reads have settled by then."""
    stand = cases.drop("n_reads").join(standing(reads), on="request_id")
    return stand.filter(state_at(now) == SETTLED)


def _with_truth(settled: pl.DataFrame, reads: pl.DataFrame) -> pl.DataFrame:
    """COLUMNS of settled cases."""
    its_reads = reads.filter(pl.col("prediction_id").is_in(settled["request_id"].implode()))
    truths = consensus(its_reads).select(
        request_id="prediction_id",
        truth=pl.col("ground_truth").replace_strict(NUMBER_OF_LABEL, return_dtype=pl.Int32),
    )
    joined = settled.with_columns(review_probability="chance").join(truths, on="request_id")
    return joined.select(COLUMNS).sort("request_id")
