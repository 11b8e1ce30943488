"""A small lake: two served entities, some days, reads by several readers."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl

from xray_assets.cases.performance_run import bring_up_to_date
from xray_assets.catalog import PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.columns import CONFIDENCES, READER_ROLES, READS
from xray_assets.resources.local.tables import LocalDelta

SERVED = ("pneumonia_poc_classifier-1", "pneumonia_poc_classifier_pytorch-2")
TRUTHS = {"pneumonia": "PNEUMONIA", "normal": "NORMAL"}


def predictions(
    count: int, *, seed: int = 0, days: int = 5, until: datetime | None = None
) -> pl.DataFrame:
    """Rows of gold.pneumonia_classifier_predictions, some of them refused."""
    chance = random.Random(seed)
    until = until or datetime.now(UTC)
    rows = []
    for position in range(1, count + 1):
        time = until - timedelta(seconds=chance.uniform(0, 86_400 * days))
        answered = chance.random() < 0.9
        score = chance.random()
        served = chance.choice(SERVED)
        rows.append(
            {
                "request_id": f"r{position}",
                "date": time.date(),
                "timestamp": time,
                "served_model_name": served,
                "assigned_model_name": served,
                "model_name": served.rpartition("-")[0],
                "model_version": int(served.rpartition("-")[2]),
                "config_version": 1,
                "status_code": 200 if answered else 400,
                "prediction": score if answered else None,
                "predicted_label": int(score >= 0.5) if answered else None,
                "threshold": 0.5,
                "latency_ms": chance.uniform(0.2, 9),
                "site": "other",
                "purpose": "clinical",
                "log_position": position,
            }
        )
    schema = CONTRACTS[PREDICTIONS].schema
    return pl.DataFrame(rows, schema={name: schema[name] for name in rows[0]}).select(
        pl.col(name) if name in rows[0] else pl.lit(None, schema[name]).alias(name)
        for name in schema
    )


def feedback(about: pl.DataFrame, count: int, *, seed: int = 0) -> pl.DataFrame:
    """Rows of gold.prediction_feedback: readers who agree, differ, answer twice, or do not know."""
    chance = random.Random(seed)
    schema = CONTRACTS[PREDICTION_FEEDBACK].schema
    rows = []
    requests = about.select("request_id", "date", "timestamp", "predicted_label").rows()
    for rank in range(1, count + 1):
        request_id, day, time, _ = chance.choice(requests)
        read = chance.choice(READS)
        rows.append(
            {
                "feedback_id": f"f{rank}",
                "prediction_id": request_id,
                "prediction_date": day,
                "timestamp": time + timedelta(minutes=chance.randint(1, 500)),
                "read": read,
                "ground_truth": TRUTHS.get(read),
                "radiologist_id": chance.choice(("DR001", "DR002", "DR003")),
                "reader_role": chance.choice((READER_ROLES[0],) * 9 + READER_ROLES[1:]),
                "blinded": chance.random() < 0.8,
                "confidence": chance.choice((CONFIDENCES[0],) * 5 + CONFIDENCES[1:]),
                "feedback_source": "simulation",
                "inbox_position": rank,
                "acceptance_rank": rank,
            }
        )
    if not rows:
        return CONTRACTS[PREDICTION_FEEDBACK].empty()
    return pl.DataFrame(rows, schema={name: schema[name] for name in rows[0]}).select(
        pl.col(name) if name in rows[0] else pl.lit(None, schema[name]).alias(name)
        for name in schema
    )


def fill(tables: LocalDelta, *, predictions_count: int = 400, reads: int = 300) -> None:
    """Write predictions and reads into the lake."""
    rows = predictions(predictions_count)
    tables.append(PREDICTIONS, rows, source="inference_log", position=predictions_count)
    tables.append(PREDICTION_FEEDBACK, feedback(rows, reads))
    bring_up_to_date(tables)
