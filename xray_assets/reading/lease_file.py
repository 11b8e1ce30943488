"""The file of leases: its tables, its rows, and how it is opened. SQLite in WAL mode, 0600."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xray_assets.storage.atomic import make_private

LEASES = "reading.sqlite"
"""In `Settings.reading_folder`."""

HELD, ENDED, RELEASED, COMMITTED = "held", "ended", "released", "committed"

SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS leases (
    lease        TEXT PRIMARY KEY,
    request_id   TEXT NOT NULL,
    image_sha256 TEXT NOT NULL,
    reader       TEXT NOT NULL,
    state        TEXT NOT NULL,
    taken_us     INTEGER NOT NULL,
    expires_us   INTEGER NOT NULL,
    shown_us     INTEGER,
    answers_us   INTEGER,
    reopened     INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS held_once ON leases (request_id) WHERE state = 'held';
CREATE INDEX IF NOT EXISTS of_reader ON leases (reader, state, expires_us);
CREATE TABLE IF NOT EXISTS commits (
    commit_id    TEXT PRIMARY KEY,
    lease        TEXT NOT NULL,
    second_to    TEXT,
    committed_us INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS of_lease ON commits (lease, committed_us);
"""
_COLUMNS = (
    "lease, request_id, image_sha256, reader, state, expires_us, shown_us, answers_us, reopened"
)


@dataclass(frozen=True)
class Held:
    """One row: a lease, and what became of it."""

    lease: str
    request_id: str
    image_sha256: str
    reader: str
    state: str
    expires_us: int
    shown_us: int | None
    answers_us: int | None
    reopened: int


@dataclass(frozen=True)
class Draft:
    """A commit that was begun. A repeat finds the same time, so it says the same."""

    commit_id: str
    second_to: str | None
    committed_us: int


class LeaseFile:
    """One connection for all threads of a process. What is written survives `kill -9`; where it is
    `durable`, a power cut too.
    """

    def __init__(self, path: Path) -> None:
        """Make the file where it is missing. Raises sqlite3.Error, OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for this thread alone."""
        with self._lock:
            yield self._db

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction that no other writer is beside; undone by an exception."""
        with self._lock:
            self._db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()


def row_of(db: sqlite3.Connection, lease: str) -> Held | None:
    """The row of a lease."""
    row = db.execute(f"SELECT {_COLUMNS} FROM leases WHERE lease = ?", (lease,)).fetchone()  # noqa: S608
    return Held(*row) if row else None
