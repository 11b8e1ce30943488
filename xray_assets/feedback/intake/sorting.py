"""Sort feedbacks: accepted, rejected with a reason, or pending until their prediction arrives.
Pure; no tables here.

A feedback that is in the tables already is left alone, so sorting the same feedbacks again (a
rerun, an overlap, after a crash) adds nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.contracts.tables import FEEDBACK_PENDING, FEEDBACK_REJECTS, PREDICTION_FEEDBACK
from xray_assets.contracts.tables.columns import FEEDBACK_TYPES
from xray_assets.feedback.derive import (
    TRUTH_OF_READ,
    claimed_label_expression,
    feedback_type_expression,
)
from xray_assets.feedback.intake.sent import FIELDS

WAITS = "the prediction log does not hold this request yet"
_GIVEN = [column for column in PREDICTION_FEEDBACK.columns if column.name in FIELDS.to_schema()]
_READER = ["prediction_id", "radiologist_id", "blinded"]
_LATER = ["timestamp", "inbox_position"]


@dataclass(frozen=True)
class Intake:
    """What sorting came to: rows of the three tables, and existing rows of gold.prediction_feedback
    whose mark changes.
    """

    accepted: pl.DataFrame
    superseded: pl.DataFrame
    rejects: pl.DataFrame
    pending: pl.DataFrame


def sort(
    parsed: pl.DataFrame,
    *,
    predictions: pl.DataFrame,
    existing: pl.DataFrame,
    judged_ids: pl.Series,
    now: datetime,
    wait: timedelta,
    next_rank: int,
) -> Intake:
    """Sort parsed feedbacks.

    predictions: request_id, date, status_code, predicted_label of the requests they speak of, as
    far as the log holds them. existing: all rows of gold.prediction_feedback about those requests.
    judged_ids: ids that are rejects or pending already. A feedback whose prediction is missing
    waits until `wait` after it was received. `next_rank`: the first free acceptance rank.
    """
    known = pl.concat([existing["feedback_id"], judged_ids]).to_frame("feedback_id")
    judged = (
        parsed.unique("feedback_id", keep="first", maintain_order=True)
        .join(known, on="feedback_id", how="anti")
        .join(
            predictions,
            left_on="prediction_id",
            right_on="request_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(reason=_reason(now - wait))
    )
    waits = pl.col("reason") == WAITS
    rejected = judged.filter(pl.col("reason").is_not_null() & ~waits).with_columns(
        rejected_at=pl.lit(now).cast(TIMESTAMP)
    )
    good = judged.filter(pl.col("reason").is_null()).with_columns(
        prediction_date=pl.col("date"),
        feedback_type=feedback_type_expression("predicted_label", "ground_truth"),
        superseded_by=pl.lit(None, dtype=pl.String),
        acceptance_rank=pl.int_range(pl.len(), dtype=pl.Int64) + next_rank,
    )
    accepted, superseded = _mark_superseded(_rows(good), existing)
    return Intake(
        accepted=accepted,
        superseded=superseded,
        rejects=rejected.select(FEEDBACK_REJECTS.schema.names()),
        pending=judged.filter(waits).select(FEEDBACK_PENDING.schema.names()),
    )


def _reason(received_before: datetime) -> pl.Expr:
    """Why a feedback is not accepted; null when it is."""
    missing = pl.col("date").is_null()
    expired = pl.col("received_at") <= pl.lit(received_before).cast(TIMESTAMP)
    promises = [
        pl.when(column.violation()).then(
            pl.lit(f"{column.name} is missing or not one of the allowed values")
        )
        for column in _GIVEN
    ]
    unreadable = pl.all_horizontal(
        pl.col(column.name).is_null() for column in _GIVEN if column.name != "timestamp"
    )
    truth = pl.col("read").replace_strict(TRUTH_OF_READ, default=None, return_dtype=pl.String)
    claim = feedback_type_expression("predicted_label", "ground_truth")
    claimed_label = claimed_label_expression("claimed_type")
    return pl.coalesce(
        pl.when(unreadable).then(
            pl.lit("the feedback cannot be read: it is not the JSON of one feedback")
        ),
        *promises,
        pl.when(~pl.col("claimed_type").is_in(FEEDBACK_TYPES)).then(
            pl.lit("claimed_type is not a feedback type")
        ),
        pl.when(truth.ne_missing(pl.col("ground_truth"))).then(
            pl.lit("read and ground_truth contradict each other")
        ),
        pl.when(missing & expired).then(
            pl.lit("no request of this id was logged in the time that a feedback may wait")
        ),
        pl.when(missing).then(pl.lit(WAITS)),
        pl.when(pl.col("predicted_label").is_null()).then(
            pl.format(
                "the request was answered with status {} and has no prediction to review",
                "status_code",
            )
        ),
        pl.when(claimed_label != pl.col("predicted_label")).then(
            pl.format("{} contradicts the logged label {}", "claimed_type", "predicted_label")
        ),
        pl.when(
            pl.col("claimed_type").is_not_null() & claim.ne_missing(pl.col("claimed_type"))
        ).then(pl.format("{} contradicts the truth that was given", "claimed_type")),
    )


def _mark_superseded(
    accepted: pl.DataFrame, existing: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(accepted with their marks, existing rows whose mark changes): each answer points to the same
    reader's next one.

    An unblinded answer does not supersede a blinded one, nor the other way round (`consensus.py`
    ranks them).
    """
    current = _rows(existing).select(["feedback_id", "superseded_by", *_READER, *_LATER])
    marks = (
        pl.concat([current, accepted.select(current.columns)])
        .sort(_LATER)
        .select(
            "feedback_id",
            was="superseded_by",
            superseded_by=pl.col("feedback_id").shift(-1).over(_READER),
        )
    )
    changed = marks.filter(pl.col("was").ne_missing(pl.col("superseded_by"))).drop("was")
    accepted = accepted.drop("superseded_by").join(
        marks.drop("was"), on="feedback_id", how="left", maintain_order="left"
    )
    superseded = existing.drop("superseded_by").join(changed, on="feedback_id", how="inner")
    return _rows(accepted), _rows(superseded)


def _rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(PREDICTION_FEEDBACK.schema.names())
