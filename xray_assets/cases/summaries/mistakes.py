"""Keeps gold.recent_mistakes: the newest false negatives and false positives by consensus.

A consensus may change, so every row of gold.model_performance_live that is new or has new reads is
looked at again: it leaves the list, and comes back when it still is a mistake. That may be
repeated, and the positions are stored with the list and after it.
"""

import polars as pl

from xray_assets.cases.review_run import LOG, READS, days_of
from xray_assets.catalog import DUE, OVERDUE, PERFORMANCE, RECENT_MISTAKES, REVIEW_ASSIGNMENTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.summaries import MISTAKES, NEWEST_MISTAKES
from xray_assets.lake.tables import Tables


def bring_up_to_date(tables: Tables) -> int:
    """Look at what is new; returns how many rows the table has."""
    upto = {source: tables.position(PERFORMANCE, source) for source in (LOG, READS)}
    held = {source: tables.position(RECENT_MISTAKES, source) for source in (LOG, READS)}
    listed = tables.read(RECENT_MISTAKES).collect()
    looked_at = (
        tables.read(PERFORMANCE)
        .filter(
            (pl.col("read_rank") > held[READS])
            | ((pl.col("log_position") > held[LOG]) & pl.col("confusion_label").is_not_null())
        )
        .collect(engine="streaming")
    )
    kept = newest(listed.join(looked_at, on="request_id", how="anti"), mistakes(looked_at))
    kept = with_state(kept, tables.read(REVIEW_ASSIGNMENTS))
    if upto != held or not kept.equals(listed):
        tables.overwrite(RECENT_MISTAKES, kept, source=LOG, position=upto[LOG])
        empty = CONTRACTS[RECENT_MISTAKES].empty()
        tables.append(RECENT_MISTAKES, empty, source=READS, position=upto[READS])
    return kept.height


def with_state(listed: pl.DataFrame, assignments: pl.LazyFrame) -> pl.DataFrame:
    """The rows with `is_settled` as gold.review_assignments has it now. A case that was never drawn
    is asked of nobody.
    """
    waiting = assignments.filter(
        pl.col("prediction_date").is_in(days_of(listed, "prediction_date")),
        pl.col("request_id").is_in(listed["request_id"].implode()),
        pl.col("state").is_in((DUE, OVERDUE)),
    )
    waits = pl.col("request_id").is_in(
        waiting.select("request_id").collect()["request_id"].implode()
    )
    return listed.with_columns(is_settled=~waits)


def mistakes(live: pl.DataFrame) -> pl.DataFrame:
    """Rows of gold.recent_mistakes among rows of gold.model_performance_live."""
    return live.filter(pl.col("feedback_type").is_in(MISTAKES)).select(
        "request_id",
        "prediction_date",
        "served_model_name",
        pl.col("feedback_type").alias("kind"),
        "prediction_score",
        "n_readers",
        pl.col("feedback_timestamp").alias("settled_at"),
        pl.lit(True).alias("is_settled"),
        "read_rank",
    )


def newest(*parts: pl.DataFrame) -> pl.DataFrame:
    """The newest NEWEST_MISTAKES of each kind, by the rank of their last read."""
    every = pl.concat(parts, how="vertical_relaxed").sort("read_rank", descending=True)
    return (
        every.group_by("kind", maintain_order=True)
        .head(NEWEST_MISTAKES)
        .select(CONTRACTS[RECENT_MISTAKES].schema.names())
    )
