"""A log and an inbox, each with its tables, filled and moved as the product does it: what the laws
of `test_sources.py` are about. An implementation joins with a class here.
"""

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from xray_assets.assets.predictions import move
from xray_assets.catalog import (
    CLINICAL,
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    Key,
)
from xray_assets.feedback.inbox import Entry, Inbox
from xray_assets.feedback.intake.run import take_in
from xray_assets.imaging.dicom.tags import TAG_COLUMNS
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.resources.local.inference_log import LocalLog
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.source import Source
from xray_assets.serving.hot_path.request_ids import new_request_id
from xray_assets.serving.log.file import LogFile
from xray_assets.serving.log.rows import LogRows
from xray_assets.serving.log.schema import COLUMNS


class World:
    """A source, the tables that take from it, and the keys its senders had acknowledged."""

    keys: ClassVar[tuple[tuple[Key, str, str], ...]]
    """Where taken rows are: table, column of the key, column of the position."""

    file: ClassVar[str]
    """Where it lies below its folder."""

    def __init__(self, folder: Path) -> None:
        self.tables, self.path = LocalDelta(root=str(folder / "lake")), folder / self.file
        self.sent: list[str] = []

    @property
    def source(self) -> Source:
        raise NotImplementedError

    def write(self, count: int) -> list[str]:
        """Have rows acknowledged; returns their keys."""
        raise NotImplementedError

    def take(self, tables: LocalDelta | None = None) -> None:
        """One run of the asset."""
        raise NotImplementedError

    def taken(self) -> dict[int, str]:
        """Keys by position, of all tables; fails where one is there twice."""
        rows = [
            row
            for table, key, position in self.keys
            for row in self.tables.read(table).select(position, key).collect().rows()
        ]
        doubled = {key for key, n in Counter(key for _, key in rows).items() if n > 1}
        assert not doubled and len(dict(rows)) == len(rows)
        return dict(sorted(rows))

    def close(self) -> None:
        """Fold the write-ahead log into the file, so that it can be copied."""
        if self.path.exists():
            with closing(sqlite3.connect(self.path)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


class LogWorld(World):
    """The local endpoint's log and gold.pneumonia_classifier_predictions."""

    keys = ((PREDICTIONS, "request_id", "log_position"),)

    file = "endpoint/log.sqlite"

    @property
    def source(self) -> LocalLog:
        return LocalLog(path=str(self.path))

    def write(self, count: int) -> list[str]:
        ids = [new_request_id() for _ in range(count)]
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        numbers = {"timestamp_us": now, "status_code": 200, "config_version": 1}
        shares = {"prediction": 0.7, "threshold": 0.5, "latency_ms": 1.0, "model_version": "1"}
        known = {"site": "other", "purpose": CLINICAL, "experiment_id": None}
        row = dict.fromkeys(COLUMNS, "x") | dict.fromkeys(TAG_COLUMNS) | numbers | shares | known
        rows = [tuple((row | {"request_id": one}).values()) for one in ids]
        log = LogFile(self.path, "NORMAL")
        log.commit([LogRows(rows, [], 1, None)], patience_seconds=5)
        log.close()
        self.sent += ids
        return ids

    def take(self, tables: LocalDelta | None = None) -> None:
        list(move(tables or self.tables, self.source))


class InboxWorld(World):
    """The local inbox and the three tables of feedback."""

    keys = tuple(
        (key, "feedback_id", "inbox_position")
        for key in (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, FEEDBACK_PENDING)
    )

    file = "feedback/inbox.sqlite"

    @property
    def source(self) -> LocalInbox:
        return LocalInbox(path=str(self.path))

    def write(self, count: int) -> list[str]:
        ids = [f"f-{new_request_id()}" for _ in range(count)]
        read = {
            "prediction_id": "x", "timestamp": "2026-03-01T12:00:00+00:00", "claimed_type": None,
            "read": "normal", "ground_truth": "NORMAL", "radiologist_id": "a",
            "reader_role": "reader", "blinded": True, "confidence": "confirmed",
            "feedback_source": "simulation", "notes": None,
        }  # fmt: skip
        with Inbox(self.path) as inbox:
            inbox.add([Entry(one, json.dumps(read), "{}") for one in ids])
        self.sent += ids
        return ids

    def take(self, tables: LocalDelta | None = None) -> None:
        list(take_in(tables or self.tables, self.source, datetime.now(UTC) + timedelta(seconds=1)))


WORLDS = {"local log": LogWorld, "local inbox": InboxWorld}


def drop_last(path: Path, count: int) -> None:
    """What a file that was cut off lacks: its last rows, and the memory of their numbers."""
    with closing(sqlite3.connect(path)) as connection:
        for table, number in (("predictions", "log_position"), ("feedback", "position")):
            found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,))
            if last := found.fetchone():
                kept = last[0] - count
                connection.execute(f"DELETE FROM {table} WHERE {number} > ?", (kept,))
                forget = "UPDATE sqlite_sequence SET seq = ? WHERE name = ?"
                connection.execute(forget, (kept, table))
        connection.commit()
