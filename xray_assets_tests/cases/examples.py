"""Small logged worlds for the tests of the cases: predictions of one experiment, shadow scores and
reads.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

from xray_assets.cases.pairing import SEEN_COLUMNS, eligible, missing_scores, pair
from xray_assets.contracts.tables import PAIRED_PREDICTIONS, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.rollout.experiment import Experiment
from xray_assets_tests.rollout.examples import an_experiment

NOW = datetime(2026, 1, 2, tzinfo=UTC)
EXPERIMENT = an_experiment()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def score(image: str, artifact: str) -> float:
    """A repeatable probability of a film under an artifact."""
    return int(digest(image + artifact)[:6], 16) / 0xFFFFFF


def predictions(
    requests: Sequence[tuple[str, str, str]], *, first: int = 1, experiment: Experiment = EXPERIMENT
) -> pl.DataFrame:
    """Logged rows of (patient, film, served role) in order; three requests a day."""
    rows = []
    for offset, (patient, film, role) in enumerate(requests):
        position = first + offset
        served = getattr(experiment, role)
        moment = NOW + timedelta(hours=8 * position)
        probability = score(digest(film), served.artifact_sha256)
        rows.append(
            {
                "request_id": f"r{position:06d}",
                "client_request_id": None,
                "experiment_id": experiment.experiment_id,
                "date": moment.date(),
                "timestamp": moment,
                "served_model_name": served.served_name,
                "assigned_model_name": served.served_name,
                "model_name": served.model,
                "model_version": served.version,
                "config_version": 1 + position // 10,
                "status_code": 200,
                "prediction": probability,
                "predicted_label": int(probability >= served.threshold),
                "threshold": served.threshold,
                "latency_ms": 1.0,
                "image_sha256": digest(film),
                "case_key": digest(patient),
                "case_key_source": "patient_id",
                "site": "other",
                "purpose": "clinical",
                "request": digest(film),
                "response": "{}",
                "log_position": position,
            }
        )
    return pl.DataFrame(rows, schema=PREDICTIONS.schema)


def pairs(
    rows: pl.DataFrame,
    *,
    seen: pl.DataFrame | None = None,
    lost: frozenset[str] = frozenset(),
    even: bool = True,
) -> pl.DataFrame:
    """Pair logged rows; films in `lost` cannot be scored by the other model."""
    mine = eligible(rows, EXPERIMENT)
    scores = {
        (image, artifact): score(image, artifact)
        for artifact, images in missing_scores(mine, EXPERIMENT).items()
        for image in images
        if image not in {digest(film) for film in lost}
    }
    seen = PAIRED_PREDICTIONS.empty() if seen is None else seen
    configs = set(range(100)) if even else set()
    return PAIRED_PREDICTIONS.conform(
        pair(
            mine, EXPERIMENT, scores, seen=seen.select(SEEN_COLUMNS), even_configs=configs, now=NOW
        )
    )


def reads(
    answers: Sequence[tuple[str, str, str]],
    paired: pl.DataFrame,
    *,
    first: int = 1,
    blinded: bool = True,
) -> pl.DataFrame:
    """Feedback rows of (request id, reader, read) in order."""
    dates = dict(paired.select("request_id", "date").iter_rows())
    truths = {"pneumonia": "PNEUMONIA", "normal": "NORMAL"}
    rows = [
        {
            "feedback_id": f"f{first + offset:06d}",
            "prediction_id": request,
            "prediction_date": dates[request],
            "timestamp": NOW + timedelta(minutes=first + offset),
            "read": read,
            "ground_truth": truths.get(read),
            "feedback_type": None,
            "radiologist_id": reader,
            "reader_role": "reader",
            "blinded": blinded,
            "confidence": "confirmed",
            "feedback_source": "simulation",
            "notes": None,
            "superseded_by": None,
            "inbox_position": first + offset,
            "acceptance_rank": first + offset,
        }
        for offset, (request, reader, read) in enumerate(answers)
    ]
    return pl.DataFrame(rows, schema=PREDICTION_FEEDBACK.schema)
