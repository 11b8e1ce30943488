"""How much of a day's traffic was reviewed, as a table for people."""

from collections.abc import Iterable
from datetime import date

import polars as pl

from xray_assets.catalog import PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.lake.tables import Tables

DAYS_SHOWN = 3
"""All days would cost a look at the whole history; gold.model_comparison_summary has them."""


def coverage_table(tables: Tables, days: Iterable[date]) -> str:
    """Markdown: answered and reviewed predictions that count of the latest of `days`."""
    shown = sorted(days)[-DAYS_SHOWN:]
    answered = tables.read(PREDICTIONS).filter(
        pl.col("date").is_in(shown),
        pl.col("predicted_label").is_not_null(),
        pl.col("purpose") == tables.counted_purpose,
    )
    reads = tables.read(PREDICTION_FEEDBACK).filter(pl.col("prediction_date").is_in(shown))
    reviewed = reads.join(
        answered.select(prediction_id="request_id"), on="prediction_id", how="semi"
    )
    rows = (
        answered.group_by(day="date")
        .agg(pl.len().alias("answered"))
        .join(
            reviewed.group_by(day="prediction_date").agg(pl.col("prediction_id").n_unique()),
            on="day",
            how="left",
        )
        .sort("day")
        .collect()
    )
    if rows.is_empty():
        return "no new reads"
    lines = [
        f"| {day} | {n} | {seen or 0} | {(seen or 0) / n:.1%} |" for day, n, seen in rows.rows()
    ]
    return "\n".join(["| day | answered | reviewed | coverage |", "|---|---|---|---|", *lines])
