"""Keep gold.model_performance_live up to date: which rows are read, in which order it is written.

A new prediction comes with the reads it has, in the commit that stores how far the log was taken.
A prediction with new reads is worked out again from all of them; that may be repeated, and the
position of the reads is stored after it. What a row holds is in `performance.py`.
"""

import polars as pl

from xray_assets.cases.performance import LIVE_COLUMNS, performance
from xray_assets.cases.review_run import LOG, READS, days_of, rows_after
from xray_assets.catalog import PERFORMANCE, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables

BATCH = 250_000
"""Predictions a commit."""


def bring_up_to_date(tables: Tables) -> int:
    """Take in new predictions and new reads; returns how many rows were added or changed."""
    held, end = tables.position(PERFORMANCE, LOG), tables.position(PREDICTIONS, LOG)
    reads = rows_after(
        tables, PREDICTION_FEEDBACK, "acceptance_rank", tables.position(PERFORMANCE, READS)
    ).select("prediction_id", "prediction_date", "acceptance_rank")
    new_reads = reads.collect()
    written = 0
    for low in range(held, end, BATCH):
        high = min(low + BATCH, end)
        added = _live(tables, pl.col("log_position").is_between(low, high, closed="right"))
        tables.append(PERFORMANCE, added, source=LOG, position=high)
        written += added.height
    if new_reads.height:
        days = days_of(new_reads, "prediction_date")
        changed = _live(
            tables,
            pl.col("date").is_in(days),
            pl.col("log_position") <= held,
            pl.col("request_id").is_in(new_reads["prediction_id"].unique().implode()),
        )
        tables.merge(PERFORMANCE, changed, within={"prediction_date": days})
        last_rank = int(new_reads["acceptance_rank"].max())  # type: ignore[arg-type]
        tables.append(PERFORMANCE, CONTRACTS[PERFORMANCE].empty(), source=READS, position=last_rank)
        written += changed.height
    return written


def _live(tables: Tables, *chosen: pl.Expr) -> pl.DataFrame:
    rows = tables.read(PREDICTIONS).filter(chosen).select(LIVE_COLUMNS).collect(engine="streaming")
    feedback = tables.read(PREDICTION_FEEDBACK).filter(
        pl.col("prediction_date").is_in(days_of(rows, "date")),
        pl.col("prediction_id").is_in(rows["request_id"].implode()),
    )
    return performance(rows, feedback.collect(), counted=tables.counted_purpose)
