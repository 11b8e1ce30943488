"""Deletes what the log need not keep any longer: rows past their time that are safe elsewhere, then
the films that no kept row refers to. In short transactions, so that serving hardly notices.

A row goes only when every registered consumer has acknowledged a later one
(`NumberedRows.acknowledge`): one that never did holds everything, whatever the setting says. The
last acknowledged row stays: by it a log is known again (`resources.source`).
"""

import fcntl
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from xray_assets import clock
from xray_assets.serving.log.schema import KNOWN_SECONDS
from xray_assets.storage.list_identity import held_from

PURGE_LOCK = "purge.lock"
"""Whoever holds this file beside the log keeps retention away."""

_ROWS_AT_ONCE = 500
_PAUSE_SECONDS = 0.02
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Purged:
    """How much a purge has deleted."""

    rows: int = 0
    images: int = 0


def purge(log: Path, *, days: float, now_us: int | None = None) -> Purged:
    """Delete acknowledged rows older than `days`, and their films; 0 days deletes nothing.

    Returns at once when another process is purging. Raises sqlite3.Error when the log fails.
    """
    if days <= 0 or not log.exists():
        return Purged()
    now = clock.now_us() if now_us is None else now_us
    cutoff = now - int(days * _DAY_US)
    with log.with_name(PURGE_LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Purged()
        with closing(sqlite3.connect(log, timeout=10, isolation_level=None)) as connection:
            rows = _delete(connection, _OLD_ROWS, (held_from(connection), cutoff, _ROWS_AT_ONCE))
            oldest = connection.execute(_OLDEST_KEPT).fetchone()
            kept_from = min(cutoff, oldest[0]) if oldest else cutoff
            unused_since = kept_from - int(2 * KNOWN_SECONDS * 1_000_000)
            _delete(connection, _UNUSED_DEPTHS, (unused_since, _ROWS_AT_ONCE))
            images = _delete(connection, _UNUSED_IMAGES, (unused_since, _ROWS_AT_ONCE))
            _delete(connection, _UNUSED_USES, (unused_since, _ROWS_AT_ONCE))
            if oldest:
                _delete(connection, _OLD_EXPOSURES, (oldest[1], _ROWS_AT_ONCE))
    return Purged(rows, images)


_OLD_ROWS = """DELETE FROM predictions WHERE log_position IN (
    SELECT log_position FROM predictions
    WHERE log_position < ? AND timestamp_us < ? ORDER BY log_position LIMIT ?)"""
_OLDEST_KEPT = "SELECT timestamp_us, config_version FROM predictions ORDER BY log_position LIMIT 1"
# A kept row's film was used at most KNOWN_SECONDS before the row was written (`log_writer`).
_UNUSED_IMAGES = """DELETE FROM images WHERE image_sha256 IN (
    SELECT image_sha256 FROM image_uses JOIN images USING (image_sha256)
    WHERE last_used_us < ? LIMIT ?)"""
_UNUSED_DEPTHS = """DELETE FROM full_depths WHERE image_sha256 IN (
    SELECT image_sha256 FROM image_uses JOIN full_depths USING (image_sha256)
    WHERE last_used_us < ? LIMIT ?)"""
_UNUSED_USES = """DELETE FROM image_uses WHERE image_sha256 IN (
    SELECT image_sha256 FROM image_uses WHERE last_used_us < ? LIMIT ?)"""
_OLD_EXPOSURES = """DELETE FROM exposures WHERE (config_version, routing_key) IN (
    SELECT config_version, routing_key FROM exposures WHERE config_version < ? LIMIT ?)"""


def _delete(connection: sqlite3.Connection, statement: str, values: tuple[int, ...]) -> int:
    """Run a bounded DELETE until it finds nothing more; each run is a transaction of its own."""
    deleted = 0
    while count := connection.execute(statement, values).rowcount:
        deleted += count
        time.sleep(_PAUSE_SECONDS)
    return deleted
