"""Which cases there are to be drawn: an experiment's, and outside of one what was answered."""

import polars as pl

from xray_assets.cases.review_run import days_of
from xray_assets.catalog import (
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
)
from xray_assets.lake.tables import Tables
from xray_assets.review.draws import CASE_COLUMNS
from xray_assets.review.ordering import mornings


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
        pl.col("purpose") == tables.counted_purpose,
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
