"""The rows of the inference log, beside the running server: standard library only, a connection of
its own.

Works while the endpoint writes, and before its first start (position 0, no rows). How far the
consumers came, which lets the endpoint's retention delete rows, is `NumberedRows.acknowledge`.
"""

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from xray_assets.catalog import CLINICAL
from xray_assets.errors import XrayError
from xray_assets.serving.log.schema import COLUMNS, UPGRADES
from xray_assets.storage.numbered_rows import NumberedRows

_STORED: tuple[str, ...] = ("log_position", *COLUMNS)
_DERIVED = ("predicted_label", "request", "response")
READ_COLUMNS = (*_STORED, *_DERIVED)
"""Columns of `read_columns_after`."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_TRAFFIC = """
SELECT assigned_model_name, served_model_name, status_code, latency_ms
FROM (SELECT * FROM predictions ORDER BY log_position DESC LIMIT ?)
WHERE config_version = ? AND purpose = ?"""


class EarlierLog(XrayError, RuntimeError):
    """The log is an earlier release's, and no endpoint has brought it up to date yet."""


class InferenceLogRows(NumberedRows):
    """Rows of `<state>/endpoint/log.sqlite` by position."""

    _table, _number, _key = "predictions", "log_position", "request_id"

    def read_after(self, position: int, limit: int) -> list[dict[str, Any]]:
        """At most `limit` rows after `position`, oldest first, as one dict a row.

        Keys: READ_COLUMNS with `timestamp` (UTC datetime) and `date` in place of `timestamp_us`.
        """
        columns = self.read_columns_after(position, limit)
        stamps = [_EPOCH + timedelta(microseconds=value) for value in columns.pop("timestamp_us")]
        columns["timestamp"] = stamps
        columns["date"] = [stamp.date() for stamp in stamps]
        names = tuple(columns)
        return [
            dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)
        ]

    def read_columns_after(
        self, position: int, limit: int, *, id_: str = ""
    ) -> dict[str, list[Any]]:
        """The same rows as one list a column (READ_COLUMNS); `timestamp_us` = microseconds since
        1970, UTC. Raises OtherRows where rows are gone, or where the log is not the log `id_`.
        """
        rows = self.rows_after(position, limit, COLUMNS, id_=id_)
        values: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        columns: dict[str, list[Any]] = dict(
            zip(_STORED, values or [[] for _ in _STORED], strict=True)
        )
        scores, thresholds = columns["prediction"], columns["threshold"]
        columns["predicted_label"] = [
            None if score is None else int(score >= threshold)
            for score, threshold in zip(scores, thresholds, strict=True)
        ]
        columns["request"] = columns["image_sha256"]
        columns["response"] = [
            None if score is None else f'{{"predictions": [{score!r}]}}' for score in scores
        ]
        return columns

    def find(self, request_id: str) -> dict[str, Any] | None:
        """The row of one request id, in the form of `read_after`; None when the log does not hold
        it.
        """
        position = self.position_of(request_id)
        return None if position is None else self.read_after(position - 1, 1)[0]

    def holds(self, request_ids: Sequence[str]) -> bool:
        """True when at least one of these requests is logged."""
        query = (
            "SELECT 1 FROM predictions WHERE request_id IN (SELECT value FROM json_each(?)) LIMIT 1"
        )
        return bool(self._all(query, (json.dumps(list(request_ids)),)))

    def image(self, image_sha256: str) -> bytes | None:
        """The stored film: JPEG or PNG bytes, or 16,384 bytes of float32 (64, 64) for a film sent
        as an array.

        `scoring.stored_film` turns either into what the model saw.
        """
        rows = self._all("SELECT data FROM images WHERE image_sha256 = ?", (image_sha256,))
        return bytes(rows[0][0]) if rows else None

    def traffic(
        self, config_version: int, *, latest: int = 10_000, counted: str = CLINICAL
    ) -> list[dict[str, Any]]:
        """The latest rows of the purpose `counted` under a config, added up by assigned served
        entity.

        Keys: served_name, requests, errors (status 500 and above), fallbacks (answered by another
        entity), p95_ms (of the answered ones, nearest rank; nan where none was answered).
        """
        rows = self._all(_TRAFFIC, (latest, config_version, counted))
        arms: dict[str, list[tuple[Any, ...]]] = {}
        for row in rows:
            arms.setdefault(row[0], []).append(row)
        return [
            {
                "served_name": name,
                "requests": len(its),
                "errors": sum(status >= 500 for _, _, status, _ in its),
                "fallbacks": sum(status == 200 and served != name for _, served, status, _ in its),
                "p95_ms": _p95([latency for _, _, status, latency in its if status == 200]),
            }
            for name, its in sorted(arms.items())
        ]

    def _all(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._snapshot() as connection:
            return connection.execute(query, values).fetchall() if connection else []

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection | None]:
        with super()._snapshot() as connection:
            try:
                yield connection
            except sqlite3.OperationalError as error:
                if connection is None or _version(connection) not in UPGRADES:
                    raise
                raise EarlierLog(
                    f"{self._path} was written by an earlier release: start the endpoint once "
                    "(`xray up` or `xray serve`), which adds what it lacks"
                ) from error


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _p95(latencies: list[float]) -> float:
    ordered = sorted(latencies)
    return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else math.nan
