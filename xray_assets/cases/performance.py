"""Performance of what was served: one row a prediction with its consensus, and daily sums."""

import numpy as np
import polars as pl

from xray_assets.catalog import CLINICAL, NUMBER_OF_LABEL
from xray_assets.contracts.tables import COMPARISON_SUMMARY, PERFORMANCE
from xray_assets.feedback.truth.consensus import consensus
from xray_assets.statistics.calibration import bin_of
from xray_assets.statistics.intervals import weighted_share
from xray_assets.statistics.metrics import confusion_metrics
from xray_assets.statistics.resolution import BINS

_NAMES = {
    "true-positive": "TP",
    "false-positive": "FP",
    "true-negative": "TN",
    "false-negative": "FN",
}


LIVE_COLUMNS = (
    "request_id",
    "date",
    "timestamp",
    "served_model_name",
    "status_code",
    "prediction",
    "predicted_label",
    "purpose",
    "log_position",
)
"""Columns of gold.pneumonia_classifier_predictions that a row of performance is made of."""


def performance(
    predictions: pl.DataFrame, feedback: pl.DataFrame, *, counted: str = CLINICAL
) -> pl.DataFrame:
    """Rows of gold.model_performance_live: every prediction of the purpose `counted`, with the
    consensus of its reads where there is one.

    predictions, feedback: LIVE_COLUMNS of gold.pneumonia_classifier_predictions, and every row of
    gold.prediction_feedback about them.
    """
    agreed = consensus(feedback).rename({"prediction_id": "request_id"})
    ranks = feedback.group_by(request_id="prediction_id").agg(
        read_rank=pl.col("acceptance_rank").max()
    )
    positive, truth_positive = pl.col("predicted_label") == 1, pl.col("ground_truth") == "PNEUMONIA"
    kind = (
        pl.when(pl.col("ground_truth").is_null() | pl.col("predicted_label").is_null())
        .then(None)
        .when(positive & truth_positive)
        .then(pl.lit("true-positive"))
        .when(positive)
        .then(pl.lit("false-positive"))
        .when(truth_positive)
        .then(pl.lit("false-negative"))
        .otherwise(pl.lit("true-negative"))
    )
    joined = (
        predictions.filter(pl.col("purpose") == counted)
        .join(agreed, on="request_id", how="left")
        .join(ranks, on="request_id", how="left")
        .with_columns(feedback_type=kind)
    )
    return PERFORMANCE.conform(
        joined.select(
            "request_id",
            pl.col("date").alias("prediction_date"),
            pl.col("timestamp").alias("prediction_timestamp"),
            "served_model_name",
            "status_code",
            pl.col("prediction").alias("prediction_score"),
            pl.col("predicted_label").alias("predicted_class"),
            "feedback_id",
            "ground_truth",
            "feedback_type",
            "radiologist_id",
            "feedback_confidence",
            "feedback_timestamp",
            pl.col("n_readers").fill_null(0),
            pl.col("feedback_type").str.starts_with("true").alias("is_correct"),
            pl.col("feedback_type")
            .replace_strict(_NAMES, return_dtype=pl.String)
            .alias("confusion_label"),
            "log_position",
            pl.col("read_rank").fill_null(0),
        )
    )


def summary(live: pl.DataFrame | pl.LazyFrame, drawn: pl.LazyFrame | None = None) -> pl.DataFrame:
    """Rows of gold.model_comparison_summary: a served entity and day each.

    live: every row of gold.model_performance_live of those days. drawn: request_id and chance of
    the drawn cases among them that are settled; None: no chance was logged.
    """
    kinds = ("tp", "fp", "tn", "fn")
    answered = live.lazy().filter(pl.col("status_code") == 200)
    delay = pl.col("feedback_timestamp") - pl.col("prediction_timestamp")
    counts = (
        answered.group_by("served_model_name", date="prediction_date")
        .agg(
            pl.len().alias("total_predictions"),
            pl.col("confusion_label").count().alias("feedback_count"),
            *((pl.col("confusion_label") == name.upper()).sum().alias(name) for name in kinds),
            (delay.median().dt.total_seconds() / 3600)
            .clip(lower_bound=0)
            .alias("label_delay_hours"),
        )
        .collect(engine="streaming")
        .sort("date", "served_model_name")
        .with_columns(
            (100 * pl.col("feedback_count") / pl.col("total_predictions")).alias(
                "feedback_coverage_pct"
            )
        )
    )
    metrics = confusion_metrics(*(counts[name].to_numpy() for name in kinds))
    columns = [pl.Series(name, values).fill_nan(None) for name, values in metrics.flat().items()]
    if drawn is None:
        drawn = pl.LazyFrame(schema={"request_id": pl.String, "chance": pl.Float64})
    weighted = _weighted(answered.join(drawn, on="request_id"), counts)
    return COMPARISON_SUMMARY.conform(
        counts.with_columns(*columns, *weighted, _scores(answered, counts))
    )


_OF_FIGURE = {
    "accuracy": ("TP", "TN", "FP", "FN"),
    "sensitivity": ("TP", "FN"),
    "specificity": ("TN", "FP"),
}


def _weighted(drawn: pl.LazyFrame, counts: pl.DataFrame) -> list[pl.Series]:
    """The weighted figures for the rows of `counts`: a case stands for 1 / its chance of review."""
    weight, kind = 1 / pl.col("chance"), pl.col("confusion_label")
    sums = [pl.len().alias("weighted_count")]
    for name, kinds in _OF_FIGURE.items():
        counted = kind.is_in(kinds)
        sums += [
            weight.filter(counted & kind.str.starts_with("T")).sum().alias(f"{name}_hits"),
            weight.filter(counted).sum().alias(f"{name}_total"),
            (weight**2).filter(counted).sum().alias(f"{name}_squares"),
        ]
    keys = ["served_model_name", "date"]
    of_day = drawn.filter(kind.is_not_null()).group_by(keys[0], date="prediction_date").agg(sums)
    placed = counts.select(keys).join(
        of_day.collect(), on=keys, how="left", maintain_order="left"
    ).fill_null(0)  # fmt: skip
    figures = {}
    for name in _OF_FIGURE:
        parts = (placed[f"{name}_{part}"].to_numpy() for part in ("hits", "total", "squares"))
        figures |= weighted_share(*parts).flat(f"weighted_{name}")
    columns = [pl.Series(name, values).fill_nan(None) for name, values in figures.items()]
    return [placed["weighted_count"], *columns]


def _scores(answered: pl.LazyFrame, counts: pl.DataFrame) -> pl.Series:
    """The column `scores` for the rows of `counts`."""
    settled = (
        answered.select(
            "served_model_name",
            "prediction_score",
            pl.col("prediction_date").alias("date"),
            pl.col("ground_truth")
            .replace_strict(NUMBER_OF_LABEL, return_dtype=pl.Int64)
            .alias("truth"),
        )
        .drop_nulls()
        .collect(engine="streaming")
        .join(counts.with_row_index("row"), on=["served_model_name", "date"])
    )
    table = np.zeros((counts.height, 2, BINS), np.int64)
    place = (settled[name].to_numpy() for name in ("row", "truth"))
    np.add.at(table, (*place, bin_of(settled["prediction_score"].to_numpy())), 1)
    width = 2 * BINS
    lists = pl.Series("scores", table.reshape(-1, width), pl.Array(pl.Int64, width))
    return lists.arr.to_list()
