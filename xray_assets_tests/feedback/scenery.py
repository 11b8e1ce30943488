"""Predictions, inboxes and lakes for the feedback tests."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from xray_assets.catalog import PREDICTIONS
from xray_assets.contracts.tables import PREDICTION_FEEDBACK
from xray_assets.contracts.tables import PREDICTIONS as PREDICTIONS_CONTRACT
from xray_assets.feedback.inbox import Entry, Inbox
from xray_assets.feedback.message import compose
from xray_assets.imaging.dicom.tags import TAG_COLUMNS
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.serving.log.schema import COLUMNS, INSERT_IMAGE, INSERT_PREDICTION, SCHEMA
from xray_assets.settings import Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def request_id(moment: datetime = NOON) -> str:
    """A UUIDv7 made at a moment."""
    value = int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62 | int.from_bytes(os.urandom(7))
    digits = f"{value:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def prediction_rows(
    rows: Sequence[tuple[str, int | None, datetime]], *, first_position: int = 1
) -> pl.DataFrame:
    """Rows of gold.pneumonia_classifier_predictions from (request id, label or None, time)."""
    records: list[dict[str, Any]] = [
        {
            **dict.fromkeys(PREDICTIONS_CONTRACT.schema.names()),
            "request_id": name,
            "date": moment.date(),
            "timestamp": moment,
            "served_model_name": "pneumonia_poc_classifier-1",
            "assigned_model_name": "pneumonia_poc_classifier-1",
            "model_name": "m",
            "model_version": 1,
            "config_version": 1,
            "status_code": 200 if label is not None else 500,
            "prediction": None if label is None else 0.2 + 0.6 * label,
            "predicted_label": label,
            "threshold": 0.5,
            "latency_ms": 1.0,
            "site": "other",
            "purpose": "clinical",
            "log_position": first_position + number,
        }
        for number, (name, label, moment) in enumerate(rows)
    ]
    return pl.DataFrame(records, schema=PREDICTIONS_CONTRACT.schema)


def lake(folder: Path) -> LocalDelta:
    return LocalDelta(root=str(folder / "lake"))


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(state=folder, token="operator", client_tokens="client", **more)


def log(tables: LocalDelta, rows: Sequence[tuple[str, int | None, datetime]]) -> None:
    """Append predictions."""
    position = tables.position(PREDICTIONS, "inference_log")
    frame = prediction_rows(rows, first_position=position + 1)
    tables.append(PREDICTIONS, frame, source="inference_log", position=position + frame.height)


def entry(name: str, request: str, **fields: Any) -> Entry:
    """An inbox entry of a valid feedback, its answer left out."""
    fields = {"radiologist_id": "DR001", "read": "pneumonia", "feedback_id": name} | fields
    feedback = compose(request, **fields)
    return Entry(feedback.feedback_id, feedback.content, "{}")


def send(path: Path, *entries: Entry) -> None:
    with Inbox(path) as inbox:
        inbox.add(entries)


def read_row(number: int, **fields: Any) -> dict[str, Any]:
    """One row of gold.prediction_feedback."""
    read = fields.get("read", "pneumonia")
    row = {
        "feedback_id": f"f{number}",
        "prediction_id": "p",
        "prediction_date": NOON.date(),
        "timestamp": NOON + timedelta(seconds=number),
        "read": read,
        "ground_truth": {"pneumonia": "PNEUMONIA", "normal": "NORMAL"}.get(read),
        "feedback_type": None,
        "radiologist_id": "DR001",
        "reader_role": "reader",
        "blinded": True,
        "confidence": "confirmed",
        "feedback_source": "radiologist",
        "notes": None,
        "superseded_by": None,
        "inbox_position": number,
        "acceptance_rank": 0,
    }
    return row | fields


def reads(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PREDICTION_FEEDBACK.schema)


def endpoint_log(
    folder: Path, rows: Sequence[tuple[str, int | None, datetime]], film: bytes = b""
) -> None:
    """The endpoint's inference log with (request id, label or None, time)."""
    path = settings(folder).endpoint_folder / "log.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(SCHEMA)
        if film:
            connection.execute(INSERT_IMAGE, ("x", "png", film))
        for name, label, moment in rows:
            row = {
                **dict.fromkeys(COLUMNS, "x"),
                **dict.fromkeys(TAG_COLUMNS),
                "request_id": name,
                "experiment_id": None,
                "timestamp_us": int(moment.timestamp() * 1_000_000),
                "config_version": 1,
                "status_code": 500 if label is None else 200,
                "prediction": None if label is None else 0.2 + 0.6 * label,
                "threshold": 0.5,
                "latency_ms": 1.0,
                "site": "other",
                "purpose": "clinical",
            }
            connection.execute(INSERT_PREDICTION, [row[name] for name in COLUMNS])
        connection.commit()
