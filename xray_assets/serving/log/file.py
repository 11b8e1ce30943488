"""The inference log's database file: opened safely, written in transactions. When to write, and who
waits for it, is `writer.py`'s; reading is `reader.py`'s.
"""

import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Literal

from xray_assets import clock
from xray_assets.errors import XrayError
from xray_assets.serving.hot_path.films import Film
from xray_assets.serving.log.rows import LogRows
from xray_assets.serving.log.schema import (
    INSERT_CONFIG_START,
    INSERT_EXPOSURE,
    INSERT_FULL_DEPTH,
    INSERT_IMAGE,
    INSERT_PREDICTION,
    KNOWN_SECONDS,
    SCHEMA,
    SCHEMA_VERSION,
    UPGRADES,
    USE_IMAGE,
)

Synchronous = Literal["NORMAL", "FULL"]

_CHECKPOINT_PAGES = 4000
_KNOWN_LIMIT = 200_000


class LogBusy(XrayError, OSError):
    """Another process holds the write lock; nothing was written."""


class LogFile:
    """The writing connection of this process. Not safe for several threads at once."""

    def __init__(self, path: Path, synchronous: Synchronous) -> None:
        """Nothing is opened here: `commit` opens, and opens again after a failure."""
        self._path = path
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None
        self._inode = (0, 0)
        self._patience = 0.0
        self._known: dict[str, float] = {}
        self._data_version = self._erased = -1
        self._started: set[int] = set()
        self._damaged = (0, 0)

    @property
    def is_damaged(self) -> bool:
        """True once pages of this file were found damaged, until another file is in its place: a
        write that touches none of them says nothing about the others.
        """
        return self._damaged == self._inode != (0, 0)

    def commit(self, batch: list[LogRows], *, patience_seconds: float) -> None:
        """Write all of it or, when this raises, nothing. An empty batch tests the disk.

        Raises LogBusy when another process holds the write lock for longer than the patience.
        """
        try:
            connection = self._current_connection(patience_seconds)
            connection.execute("BEGIN IMMEDIATE")
            self._forget_erased(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            raise LogBusy(f"another process holds its write lock ({error})") from error
        try:
            for rows in batch:
                self._insert(connection, rows)
            if not batch:
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except BaseException as error:
            if isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
                self._damaged = self._inode
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Close the database; what was known of its content is forgotten."""
        self._known.clear()
        self._started.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            # What the disk refused was reported by the statement that failed.
            with suppress(sqlite3.Error):
                connection.close()

    def _forget_erased(self, connection: sqlite3.Connection) -> None:
        """An erasure takes films out that this writer takes to be there."""
        changed = connection.execute("PRAGMA data_version").fetchone()[0]
        if changed != self._data_version:
            self._data_version = changed
            erased = connection.execute("SELECT count(*) FROM erased").fetchone()[0]
            if erased != self._erased:
                self._erased = erased
                self._known.clear()

    def _insert(self, connection: sqlite3.Connection, rows: LogRows) -> None:
        for digest, film in rows.films:
            self._keep_image(connection, digest, film)
        for values in rows.predictions:
            connection.execute(INSERT_PREDICTION, values)
            if rows.config_version not in self._started:
                connection.execute(INSERT_CONFIG_START, (rows.config_version,))
                self._started.add(rows.config_version)
        if rows.exposure is not None:
            connection.execute(INSERT_EXPOSURE, rows.exposure)

    def _keep_image(self, connection: sqlite3.Connection, digest: str, film: Film) -> None:
        now = time.monotonic()
        if self._known.get(digest, -KNOWN_SECONDS) > now - KNOWN_SECONDS:
            return
        found = connection.execute("SELECT 1 FROM images WHERE image_sha256 = ?", (digest,))
        if found.fetchone() is None:
            connection.execute(INSERT_IMAGE, (digest, *film.stored()))
        if film.depth is not None:  # an earlier release kept none
            connection.execute(INSERT_FULL_DEPTH, (digest, *astuple(film.depth)))
        connection.execute(USE_IMAGE, (digest, clock.now_us()))
        if len(self._known) >= _KNOWN_LIMIT:
            self._known.clear()
        self._known[digest] = now

    def _current_connection(self, patience_seconds: float) -> sqlite3.Connection:
        if self._connection is not None and not self._same_file():
            self.close()
        if self._connection is None:
            self._connection = self._open(patience_seconds)
        elif self._patience != patience_seconds:
            self._connection.execute(f"PRAGMA busy_timeout = {round(patience_seconds * 1000)}")
        self._patience = patience_seconds
        return self._connection

    def _same_file(self) -> bool:
        """False when someone has moved or deleted the file: its rows would be lost."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 twice as fast as Path.stat, once a commit
        except FileNotFoundError:
            return False
        return (status.st_dev, status.st_ino) == self._inode

    def _open(self, patience_seconds: float) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, timeout=patience_seconds, isolation_level=None, check_same_thread=False
        )
        try:
            self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute("PRAGMA cache_size = -16000")
            self._bring_up_to_date(connection)
            status = self._path.stat()
        except BaseException:
            connection.close()
            raise
        self._inode = status.st_dev, status.st_ino
        return connection

    def _bring_up_to_date(self, connection: sqlite3.Connection) -> None:
        """Make the tables, or add what a log of an earlier release lacks: whole or not at all."""
        if _version(connection) == SCHEMA_VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = _version(connection)  # another worker may have been first
            if version > SCHEMA_VERSION:
                raise OSError(
                    f"{self._path.name} has schema {version}; this server knows {SCHEMA_VERSION}"
                )
            if not version:
                self._damaged = (0, 0)  # a new file, which may have the old one's number
            for earlier in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
                _execute_all(connection, UPGRADES.get(earlier, ""))
            _execute_all(connection, SCHEMA)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _execute_all(connection: sqlite3.Connection, script: str) -> None:
    """`executescript` would commit what is open."""
    for statement in script.split(";"):
        connection.execute(statement)
