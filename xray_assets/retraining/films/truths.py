"""Which truths of production may be learned from, and what each weighs. Pure.

A truth counts where its case was drawn at a logged chance and blinded readers agree on it, an
adjudicator settled it, or pathology did. What was read after the model's answer was seen would
teach the model itself; what was read without a chance, a skewed sample. Simulated reads count in
the simulator's own state alone.
"""

import polars as pl

from xray_assets.catalog import NUMBER_OF_LABEL
from xray_assets.feedback.truth.consensus import consensus

PATHOLOGY, SIMULATED = "pathology", "simulation"
"""Values of `feedback_source`."""

TRUTHS = pl.Schema(
    {
        "request_id": pl.String,
        "case_key": pl.String,
        "image_sha256": pl.String,
        "site": pl.String,
        "scored_at": pl.Datetime("us", "UTC"),
        "chance": pl.Float64,
        "label": pl.Int32,
        "truth_source": pl.String,
        "n_readers": pl.Int64,
        "read_rank": pl.Int64,
    }
)
"""One row a truth; `read_rank`: the acceptance rank of the last read that it rests on."""


def countable_truths(
    assignments: pl.DataFrame, reads: pl.DataFrame, *, simulated: bool = False
) -> pl.DataFrame:
    """Rows of TRUTHS, one a film, sorted by request.

    assignments: rows of gold.review_assignments. reads: rows of gold.prediction_feedback.
    simulated: the state is a simulator's own.
    """
    counted = pl.col("blinded") | (pl.col("feedback_source") == PATHOLOGY)
    if not simulated:
        counted &= pl.col("feedback_source") != SIMULATED
    told = reads.filter(counted).join(
        assignments.filter("drawn"), left_on="prediction_id", right_on="request_id", how="semi"
    )
    by_pathology = pl.col("feedback_source") == PATHOLOGY
    agreed = consensus(told.filter(~by_pathology)).select(
        "n_readers",
        request_id="prediction_id",
        agreed="ground_truth",
        outcome="outcome",
    )
    proven = (
        told.filter(by_pathology, pl.col("ground_truth").is_not_null())
        .sort("timestamp", "inbox_position")
        .group_by(request_id="prediction_id", maintain_order=True)
        .agg(proven=pl.col("ground_truth").last())
    )
    ranks = told.group_by(request_id="prediction_id").agg(read_rank=pl.col("acceptance_rank").max())
    found = (
        ranks.join(agreed, on="request_id", how="left")
        .join(proven, on="request_id", how="left")
        .with_columns(pl.col("n_readers").fill_null(0), truth=pl.coalesce("proven", "agreed"))
        .filter(pl.col("truth").is_not_null())
        .with_columns(
            label=pl.col("truth").replace_strict(NUMBER_OF_LABEL, return_dtype=pl.Int32),
            truth_source=pl.when(pl.col("proven").is_not_null())
            .then(pl.lit(PATHOLOGY))
            .when(pl.col("outcome") == "adjudicated")
            .then(pl.lit("adjudicated"))
            .otherwise(pl.lit("consensus")),
        )
    )  # fmt: skip
    cases = assignments.filter("drawn").select(
        "request_id", "case_key", "image_sha256", "site", "scored_at", "chance"
    )
    return (
        found.join(cases, on="request_id")
        .sort("request_id")
        .unique("image_sha256", keep="first", maintain_order=True)
        .select(TRUTHS.names())
        .cast(dict(TRUTHS))  # type: ignore[arg-type]
    )


def with_weights(truths: pl.DataFrame, *, floor: float) -> pl.DataFrame:
    """The same with `weight`: 1 / chance, at most 1 / floor, of mean 1 over all of them."""
    raw = (1 / pl.col("chance")).clip(upper_bound=1 / floor)
    return truths.with_columns(weight=raw / raw.mean())


def effective_size(weights: pl.Series) -> float:
    """Kish's effective number of weighted films, (sum w)^2 / sum w^2; 0 of none (Kish 1965)."""
    squares = float((weights * weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
