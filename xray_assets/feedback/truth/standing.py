"""What the blinded reads of each case come to. Pure, of rows of gold.prediction_feedback."""

import polars as pl

from xray_assets.feedback.truth.consensus import consensus, latest_reads


def standing(reads: pl.DataFrame) -> pl.DataFrame:
    """request_id, n_reads (readers), has_truth, n_uninterpretable, is_ruled_open (an adjudicator
    has read it after another reader, and left it open), as `review.states.state_at` asks for them.

    reads: every row of gold.prediction_feedback about them.
    """
    blinded = reads.filter("blinded")
    agreed = consensus(blinded).select("prediction_id", "ground_truth", n_reads="n_readers")
    ruled_open = (pl.col("reader_role") == "adjudicator") & (pl.col("read") != "uninterpretable")
    counted = latest_reads(blinded).group_by("prediction_id").agg(
        n_uninterpretable=(pl.col("read") == "uninterpretable").sum().cast(pl.Int64),
        is_ruled_open=ruled_open.any(),
    )  # fmt: skip
    has_truth = pl.col("ground_truth").is_not_null()
    return agreed.join(counted, on="prediction_id").select(
        "n_reads",
        "n_uninterpretable",
        request_id="prediction_id",
        has_truth=has_truth,
        is_ruled_open=pl.col("is_ruled_open") & ~has_truth & (pl.col("n_reads") > 1),
    )
