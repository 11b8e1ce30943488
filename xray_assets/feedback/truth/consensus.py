"""Several reads of a prediction, one truth or none. Pure functions of rows of
gold.prediction_feedback.

The result depends on the set of rows alone: not on their order, not on repeated rows, and not on
`superseded_by`, which is worked out again from (timestamp, inbox position). A reader's blinded
answer is never replaced by an unblinded one: what is said after seeing the model's answer is not a
second opinion (`reading-room` rule R3).
"""

import polars as pl

from xray_assets.feedback.derive import NORMAL, PNEUMONIA
from xray_assets.web.roles import normalised

_LATER = ("timestamp", "inbox_position")


def countable_reads(feedback: pl.DataFrame) -> pl.DataFrame:
    """Rows whose truth may count: blinded ones, and unblinded ones where `is_even_split` (a column)
    is true.
    """
    return feedback.filter(pl.col("blinded") | pl.col("is_even_split").fill_null(False))


def latest_reads(feedback: pl.DataFrame) -> pl.DataFrame:
    """The answer that stands, one row a prediction and reader: the latest; a ruling before a read
    (an adjudicator's word is superseded by an adjudicator's alone), a blinded one before an
    unblinded one. Readers are the same in any spelling of their name.
    """
    return (
        feedback.with_columns(
            pl.col("radiologist_id").map_batches(_one_spelling, return_dtype=pl.String)
        )
        .sort(pl.col("reader_role") == "adjudicator", "blinded", *_LATER)
        .unique(["prediction_id", "radiologist_id"], keep="last")
    )


def consensus(feedback: pl.DataFrame) -> pl.DataFrame:
    """One row a prediction that has reads, sorted by prediction.

    The truth is that of the latest adjudicator, else that on which more than half of the readers
    agree. It is null (not reviewed) in a tie and without such a majority; `uncertain`,
    `uninterpretable` and a confidence of `uncertain` or `needs_review` agree with nobody, and from
    an adjudicator leave the case open.

    Columns: prediction_id, prediction_date, ground_truth, outcome (adjudicated, majority, open),
    n_readers (whose standing answers were weighed), and of the read that settled it, the latest of
    those that agree: feedback_id, radiologist_id, feedback_confidence, feedback_timestamp; null
    where the truth is null.
    """
    sure = pl.col("confidence") == "confirmed"
    answers = latest_reads(feedback).with_columns(
        vote=pl.when(sure).then("ground_truth"), adjudicates=pl.col("reader_role") == "adjudicator"
    )
    verdicts = _verdicts(answers)
    agreeing = answers.join(verdicts, on="prediction_id").filter(
        pl.col("vote") == pl.col("truth"), pl.col("adjudicates") | ~pl.col("adjudicated")
    )
    settled = agreeing.sort(_LATER).unique("prediction_id", keep="last").select(
        "prediction_id",
        "feedback_id",
        "radiologist_id",
        pl.col("confidence").alias("feedback_confidence"),
        pl.col("timestamp").alias("feedback_timestamp"),
    )  # fmt: skip
    return (
        verdicts.join(settled, on="prediction_id", how="left")
        .select(
            "prediction_id",
            "prediction_date",
            pl.col("truth").alias("ground_truth"),
            "outcome",
            "n_readers",
            "feedback_id",
            "radiologist_id",
            "feedback_confidence",
            "feedback_timestamp",
        )
        .sort("prediction_id")
    )


def _one_spelling(names: pl.Series) -> pl.Series:
    """Rows of older releases hold names as they were typed."""
    return names.replace_strict({name: normalised(name) for name in names.unique()})


def _verdicts(answers: pl.DataFrame) -> pl.DataFrame:
    """One row a prediction: prediction_date, n_readers, adjudicated, truth, outcome."""
    majority = (
        pl.when(2 * pl.col("n_pneumonia") > pl.col("n_readers"))
        .then(pl.lit(PNEUMONIA))
        .when(2 * pl.col("n_normal") > pl.col("n_readers"))
        .then(pl.lit(NORMAL))
    )
    counted = answers.group_by("prediction_id").agg(
        pl.col("prediction_date").first(),
        pl.len().cast(pl.Int64).alias("n_readers"),
        (pl.col("vote") == PNEUMONIA).sum().cast(pl.Int64).alias("n_pneumonia"),
        (pl.col("vote") == NORMAL).sum().cast(pl.Int64).alias("n_normal"),
    )
    rulings = answers.filter("adjudicates").sort(_LATER).unique("prediction_id", keep="last")
    return (
        counted.join(
            rulings.select("prediction_id", "adjudicates", ruling="vote"),
            on="prediction_id",
            how="left",
        )
        .with_columns(adjudicated=pl.col("adjudicates").fill_null(False))
        .with_columns(truth=pl.when("adjudicated").then("ruling").otherwise(majority))
        .with_columns(
            outcome=pl.when(pl.col("truth").is_null())
            .then(pl.lit("open"))
            .when("adjudicated")
            .then(pl.lit("adjudicated"))
            .otherwise(pl.lit("majority"))
        )
        .select("prediction_id", "prediction_date", "n_readers", "adjudicated", "truth", "outcome")
    )
