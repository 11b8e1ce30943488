"""Pairs logged predictions: who served, what the other model says, which request is the patient's
case.
"""

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, CLINICAL
from xray_assets.promotion.counts.uncertainty_bands import band_of, stratum
from xray_assets.rollout.experiment import Experiment

Scores = Mapping[tuple[str, str], float]
"""Probability by (pixel digest, artifact digest); a missing entry is a score that failed."""

SEEN_COLUMNS = ("case_hash", "config_version", "is_case", "is_first_under_config")
"""What pairing must know of earlier pairs: narrow columns only, because they are read whole."""


_CASE_HASH = pl.col("case_key").str.slice(0, 15).str.to_integer(base=16).alias("case_hash")


def eligible(
    predictions: pl.DataFrame, experiment: Experiment, *, counted: str = CLINICAL
) -> pl.DataFrame:
    """Answered predictions of one experiment and of the purpose `counted` that stand for one
    patient, in log order, with the column `case_hash`.
    """
    return (
        predictions.filter(
            pl.col("experiment_id") == experiment.experiment_id,
            pl.col("status_code") == 200,
            pl.col("purpose") == counted,
            pl.col("case_key").is_not_null(),
            pl.col("image_sha256").is_not_null(),
            pl.col("served_model_name").is_in(
                [experiment.champion.served_name, experiment.challenger.served_name]
            ),
        )
        .select(pl.all(), _CASE_HASH)
        .sort("log_position")
    )


def missing_scores(rows: pl.DataFrame, experiment: Experiment) -> dict[str, list[str]]:
    """Pixel digests that each artifact has not scored yet: artifact digest -> sorted distinct pixel
    digests.
    """
    wanted = {}
    for candidate in (experiment.champion, experiment.challenger):
        digests = rows.filter(pl.col("served_model_name") != candidate.served_name)["image_sha256"]
        wanted[candidate.artifact_sha256] = digests.unique().sort().to_list()
    return wanted


def pair(
    rows: pl.DataFrame,
    experiment: Experiment,
    scores: Scores,
    *,
    seen: pl.DataFrame,
    even_configs: set[int],
    now: datetime,
) -> pl.DataFrame:
    """Rows of gold.paired_predictions for `eligible` predictions.

    seen: SEEN_COLUMNS of the pairs that this experiment already has of the rows' case hashes.
    even_configs: config versions that split traffic evenly. The served model's logged score is used
    as it is; only the other model's comes from `scores`.
    """
    served_arm = pl.when(pl.col("served_model_name") == experiment.champion.served_name)
    assigned_arm = pl.when(pl.col("assigned_model_name") == experiment.champion.served_name)
    paired = rows.select(
        *("request_id", "experiment_id", "case_key", "case_hash", "site", "date", "config_version"),
        *("log_position", "image_sha256", "prediction"),
        served_arm.then(pl.lit(CHAMPION)).otherwise(pl.lit(CHALLENGER)).alias("served_arm"),
        assigned_arm.then(pl.lit(CHAMPION)).otherwise(pl.lit(CHALLENGER)).alias("assigned_arm"),
        pl.col("config_version").is_in(sorted(even_configs)).alias("is_even_split"),
        pl.lit(now).alias("scored_at"),
    )
    for role, candidate in ((CHAMPION, experiment.champion), (CHALLENGER, experiment.challenger)):
        paired = paired.with_columns(
            pl.lit(candidate.model).alias(f"{role}_model"),
            pl.lit(candidate.version).alias(f"{role}_version"),
            pl.lit(candidate.threshold).alias(f"{role}_threshold"),
            _probability(paired, role, candidate.artifact_sha256, scores).alias(
                f"{role}_probability"
            ),
        ).with_columns(
            (pl.col(f"{role}_probability") >= candidate.threshold)
            .cast(pl.Int32)
            .alias(f"{role}_label"),
        )
    paired = paired.with_columns(_stratum(paired))
    return _mark_firsts(paired, seen).drop("image_sha256", "prediction")


def _probability(
    paired: pl.DataFrame, role: str, artifact_sha256: str, scores: Scores
) -> pl.Series:
    digests = paired["image_sha256"].unique()
    known = pl.DataFrame(
        {
            "image_sha256": digests,
            "shadow": [scores.get((digest, artifact_sha256)) for digest in digests],
        },
        schema={"image_sha256": pl.String, "shadow": pl.Float64},
    )
    joined = paired.select("image_sha256", "prediction", "served_arm").join(
        known, on="image_sha256", how="left", maintain_order="left"
    )
    return joined.select(
        pl.when(pl.col("served_arm") == role).then("prediction").otherwise("shadow")
    ).to_series()


def _stratum(paired: pl.DataFrame) -> pl.Series:
    served_by_champion = (paired["served_arm"] == CHAMPION).to_numpy()
    threshold = np.where(
        served_by_champion, paired["champion_threshold"], paired["challenger_threshold"]
    )
    band = band_of(paired["prediction"].to_numpy(), threshold)
    return pl.Series("stratum", stratum(np.where(served_by_champion, 0, 1), band), dtype=pl.Int32)


def _mark_firsts(paired: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """Mark each case's first scored request, and each case key's first request under its config."""
    scored = pl.col("champion_label").is_not_null() & pl.col("challenger_label").is_not_null()
    known_cases = seen.filter("is_case")["case_hash"].implode()
    known_configs = (
        seen.filter("is_first_under_config")
        .select("case_hash", "config_version")
        .with_columns(known=True)
    )
    return (
        paired.join(
            known_configs, on=["case_hash", "config_version"], how="left", maintain_order="left"
        )
        .with_columns(
            (
                pl.col("known").is_null()
                & pl.struct("case_hash", "config_version").is_first_distinct()
            ).alias("is_first_under_config"),
            (scored & ~pl.col("case_hash").is_in(known_cases)).alias("is_case"),
        )
        .with_columns(
            (pl.col("is_case") & (pl.col("log_position") == _first_scored_position())).alias(
                "is_case"
            )
        )
        .drop("known")
    )


def _first_scored_position() -> pl.Expr:
    return pl.col("log_position").filter("is_case").min().over("case_hash")
