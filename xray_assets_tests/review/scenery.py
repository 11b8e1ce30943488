"""Cases that were logged and paired, an experiment that froze a review policy, and reads."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from xray_assets.catalog import (
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.review.policy import ReviewPolicy
from xray_assets.rollout.experiment_rows import row_of
from xray_assets_tests.cases.examples import digest
from xray_assets_tests.rollout.examples import OPENED, an_experiment

SECRET = b"a secret"
START = OPENED + timedelta(hours=6)
EXPERIMENT = an_experiment(policy=ReviewPolicy(floor=0.05))
Case = tuple[str, tuple[int, int] | None, str]
"""Patient, both models' labels (None: no experiment), site."""


def rows(key: Key, records: Sequence[dict[str, Any]]) -> pl.DataFrame:
    schema = CONTRACTS[key].schema
    full = [{**dict.fromkeys(schema.names()), **record} for record in records]
    return CONTRACTS[key].conform(pl.DataFrame(full, schema=schema))


def open_experiment(tables: Tables, policy: ReviewPolicy | None = None) -> None:
    opened = an_experiment(policy=policy) if policy else EXPERIMENT
    tables.append(EXPERIMENTS, rows(EXPERIMENTS, [row_of(opened)]))


def arrive(tables: Tables, cases: Sequence[Case], now: datetime = START) -> list[str]:
    """Log and pair cases; returns their requests."""
    first = tables.position(PREDICTIONS, "inference_log") + 1
    served = EXPERIMENT.champion
    logged, pairs = [], []
    for position, (patient, labels, site) in enumerate(cases, first):
        experiment = None if labels is None else EXPERIMENT.experiment_id
        request = {
            "request_id": f"r{position:06d}",
            "experiment_id": experiment,
            "case_key": digest(patient),
            "site": site,
            "date": now.date(),
            "log_position": position,
            "config_version": 1,
        }
        logged.append(
            request
            | {
                "timestamp": now,
                "served_model_name": served.served_name,
                "assigned_model_name": served.served_name,
                "model_name": served.model,
                "model_version": served.version,
                "status_code": 200,
                "latency_ms": 1.0,
                "image_sha256": digest(f"film of {patient} {position}"),
                "purpose": "clinical",
            }
        )
        if labels is not None:
            both = {f"{role}_{name}": 0.5 for role in ("champion", "challenger")
                    for name in ("threshold", "probability")}  # fmt: skip
            names = {f"{role}_model": "m" for role in ("champion", "challenger")}
            versions = {f"{role}_version": 1 for role in ("champion", "challenger")}
            pairs.append(
                request
                | both
                | names
                | versions
                | {
                    "champion_label": labels[0],
                    "challenger_label": labels[1],
                    "served_arm": "champion",
                    "assigned_arm": "champion",
                    "stratum": 0,
                    "case_hash": position,
                    "is_case": True,
                    "is_first_under_config": True,
                    "is_even_split": False,
                    "scored_at": now,
                }
            )
    end = {"source": "inference_log", "position": first + len(cases) - 1}
    tables.append(PREDICTIONS, rows(PREDICTIONS, logged), **end)
    tables.append(PAIRED_PREDICTIONS, rows(PAIRED_PREDICTIONS, pairs), **end)
    return [row["request_id"] for row in logged]


def read(tables: Tables, *answers: tuple[str, str, str], role: str = "reader", **more: Any) -> None:
    """Take in reads of (request, reader, read)."""
    stored = tables.read(PREDICTION_FEEDBACK).collect()
    days = dict(tables.read(PREDICTIONS).select("request_id", "date").collect().iter_rows())
    truths = {"pneumonia": "PNEUMONIA", "normal": "NORMAL"}
    tables.append(
        PREDICTION_FEEDBACK,
        rows(
            PREDICTION_FEEDBACK,
            [
                {
                    "feedback_id": f"f{number}",
                    "prediction_id": request,
                    "prediction_date": days[request],
                    "timestamp": datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number),
                    "read": answer,
                    "ground_truth": truths.get(answer),
                    "radiologist_id": reader,
                    "reader_role": role,
                    "blinded": True,
                    "confidence": "confirmed",
                    "feedback_source": "simulation",
                    "inbox_position": number,
                    "acceptance_rank": number,
                }
                | more
                for number, (request, reader, answer) in enumerate(answers, stored.height + 1)
            ],
        ),
    )


def assignments(tables: Tables) -> pl.DataFrame:
    return tables.read(REVIEW_ASSIGNMENTS).sort("log_position").collect()
