"""Counts of the feedback of the last days, for the API, the CLI and Python users. Reads tables;
writes nothing.
"""

from datetime import timedelta
from typing import Any

import polars as pl

from xray_assets import clock
from xray_assets.catalog import (
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
)
from xray_assets.contracts.tables.columns import FEEDBACK_TYPES
from xray_assets.feedback.derive import feedback_type_expression
from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.feedback.intake.run import INBOX
from xray_assets.feedback.truth.consensus import consensus
from xray_assets.lake.local import local_tables
from xray_assets.settings import Settings


def get_feedback_stats(days: int = 7, *, settings: Settings | None = None) -> dict[str, Any]:
    """Figures about the predictions of the last `days` days (today included) and their reads.

    Keys: days, predictions (answered requests that count), reads, readers, reviewed (predictions
    with a consensus), coverage_pct, one count for each feedback type of the consensus, accuracy,
    sensitivity, specificity (None where undefined; agreement with the readers' consensus over all
    models), and of the whole inbox: received, not_yet_taken_in, pending, rejected.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 3660:
        raise FeedbackRefused("days must be a whole number from 1 to 3660")
    settings = settings or Settings()
    tables = local_tables(settings, "reading figures of feedback")
    since = clock.now().date() - timedelta(days=days - 1)
    recent = tables.read(PREDICTIONS).filter(
        pl.col("date") >= since,
        pl.col("predicted_label").is_not_null(),
        pl.col("purpose") == tables.counted_purpose,
    )
    reads = tables.read(PREDICTION_FEEDBACK).filter(pl.col("prediction_date") >= since).collect()
    agreed = consensus(reads).filter(pl.col("ground_truth").is_not_null())
    labels = recent.select(prediction_id="request_id", label="predicted_label")
    judged = labels.join(agreed.lazy(), on="prediction_id").select(
        feedback_type_expression("label", "ground_truth").alias("type")
    )
    counts = dict(judged.group_by("type").len().collect().iter_rows())
    types = {name: counts.get(name, 0) for name in FEEDBACK_TYPES}
    predictions = int(recent.select(pl.len()).collect().item())
    reviewed = sum(types.values())
    received = InboxRows(settings.feedback_inbox).position()
    return {
        "days": days,
        "predictions": predictions,
        "reads": reads["opinion"].null_count(),
        "readers": reads["radiologist_id"].n_unique(),
        "reviewed": reviewed,
        "coverage_pct": 100 * reviewed / predictions if predictions else None,
        **types,
        "accuracy": _share(types["true-positive"] + types["true-negative"], reviewed),
        "sensitivity": _share(
            types["true-positive"], types["true-positive"] + types["false-negative"]
        ),
        "specificity": _share(
            types["true-negative"], types["true-negative"] + types["false-positive"]
        ),
        "received": received,
        "not_yet_taken_in": received - tables.position(FEEDBACK_PENDING, INBOX),
        "pending": tables.row_count(FEEDBACK_PENDING),
        "rejected": tables.row_count(FEEDBACK_REJECTS),
    }


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
