"""Reviewed cases, their counts by batch, and the ledger of scored cases: what the decision's
counts are added up from.
"""

import math

import numpy as np
import polars as pl

from xray_assets.catalog import NUMBER_OF_LABEL
from xray_assets.contracts.tables import REVIEWED_CASES, REVIEWED_COUNTS, SCORED_COUNTS
from xray_assets.feedback.truth.consensus import consensus, countable_reads
from xray_assets.promotion.counts.uncertainty_bands import n_strata
from xray_assets.promotion.rule import PromotionRule

CELL = ("stratum", "champion_label", "challenger_label")
"""What a scored case is counted by."""

CASE_COLUMNS = ("experiment_id", "review_rank", *CELL, "truth")
"""Columns of gold.reviewed_cases that are counted: all narrow."""

LEDGER_COLUMNS = (
    "experiment_id",
    "request_id",
    "config_version",
    *CELL,
    "assigned_arm",
    "is_case",
    "is_first_under_config",
    "log_position",
)
"""Columns of gold.paired_predictions that the ledger counts."""

_CASE_COLUMNS = ("experiment_id", "request_id", "case_key", "served_arm", *CELL)


def review(
    cases: pl.DataFrame, feedback: pl.DataFrame, known: pl.DataFrame, *, next_rank: int
) -> pl.DataFrame:
    """Rows of gold.reviewed_cases for the cases that `feedback` speaks of.

    cases: rows of gold.paired_predictions with `is_case`. feedback: every row of
    gold.prediction_feedback about them, superseded ones too. known: the experiment's existing
    (request_id, review_rank). Truth counts when it was read blinded, or from a config that split
    traffic evenly. A case keeps the rank of its first countable read; new ranks follow the order of
    the inbox, so that a rebuild from nothing gives the same rows.
    """
    countable = countable_reads(
        feedback.join(
            cases.select("request_id", "is_even_split"),
            left_on="prediction_id",
            right_on="request_id",
        )
    )
    if countable.is_empty():
        return REVIEWED_CASES.empty()
    first_read = countable.group_by(pl.col("prediction_id").alias("request_id")).agg(
        pl.col("inbox_position").min()
    )
    agreed = consensus(countable.drop("is_even_split")).select(
        pl.col("prediction_id").alias("request_id"),
        pl.col("ground_truth")
        .replace_strict(NUMBER_OF_LABEL, return_dtype=pl.Int32)
        .alias("truth"),
        "n_readers",
    )
    rows = (
        cases.select(*_CASE_COLUMNS, pl.col("date").alias("prediction_date"))
        .join(first_read, on="request_id")
        .join(agreed, on="request_id", how="left")
        .join(known.select("request_id", "review_rank"), on="request_id", how="left")
        .with_columns(pl.col("n_readers").fill_null(0))
    )
    ranked = rows.filter(pl.col("review_rank").is_not_null())
    fresh = rows.filter(pl.col("review_rank").is_null()).sort("inbox_position")
    fresh = fresh.with_columns((pl.int_range(pl.len()) + next_rank).alias("review_rank"))
    return REVIEWED_CASES.conform(
        pl.concat([ranked, fresh], how="vertical_relaxed").drop("inbox_position")
    )


def batch_counts(cases: pl.DataFrame, rule: PromotionRule) -> pl.DataFrame:
    """Rows of gold.reviewed_counts for every batch that `cases` speak of.

    cases: CASE_COLUMNS of gold.reviewed_cases, of each batch all its cases; a batch without a
    truth has a row of zeros, so that a truth that was withdrawn is.
    """
    cells = (n_strata(), 2, 2, 2)
    placed = cases.with_columns(batch=pl.col("review_rank") // rule.reviews_per_batch)
    batches = placed.select("experiment_id", "batch").unique().sort("experiment_id", "batch")
    settled = placed.filter(pl.col("truth").is_not_null()).join(
        batches.with_row_index("row"), on=["experiment_id", "batch"]
    )
    counts = np.zeros((batches.height, *cells), np.int64)
    np.add.at(counts, tuple(settled[name].to_numpy() for name in ("row", *CELL, "truth")), 1)
    width = math.prod(cells)
    lists = pl.Series("counts", counts.reshape(-1, width), pl.Array(pl.Int64, width)).arr.to_list()
    return REVIEWED_COUNTS.conform(batches.with_columns(lists))


def ledger(paired: pl.DataFrame) -> pl.DataFrame:
    """Rows of gold.scored_counts for newly paired predictions: scored cases, routing keys by
    assigned model, failed scores.

    paired: LEDGER_COLUMNS of gold.paired_predictions, and the `chance` of gold.review_assignments
    where the case was drawn for its experiment.
    """
    failed = pl.col("champion_label").is_null() | pl.col("challenger_label").is_null()
    parts = [
        paired.filter("is_case")
        .group_by("experiment_id", "chance", *CELL)
        .len("n")
        .with_columns(kind=pl.lit("scored")),
        paired.filter("is_first_under_config")
        .group_by("experiment_id", "config_version", "assigned_arm")
        .len("n")
        .with_columns(kind=pl.lit("served")),
        paired.filter(failed)
        .group_by("experiment_id")
        .len("n")
        .with_columns(kind=pl.lit("failed")),
    ]
    rows = pl.concat(parts, how="diagonal_relaxed")
    position = paired["log_position"].max() if paired.height else 0
    absent = [
        pl.lit(None).alias(name)
        for name in SCORED_COUNTS.schema.names()
        if name not in (*rows.columns, "log_position")
    ]
    return SCORED_COUNTS.conform(rows.with_columns(*absent, pl.lit(position).alias("log_position")))
