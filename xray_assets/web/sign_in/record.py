"""The record of what people do with their accounts: `<state>/room/people.sqlite` (mode 0600).

Rows are added, and SQLite itself refuses to change or delete one. A file of its own and no table of
the lake: a sign-in is durable before it is answered, in a millisecond, whatever the lake does. It
holds nothing of a patient. An unknown name is not kept: it may be a password in the wrong field.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from xray_assets import clock
from xray_assets.settings import Settings
from xray_assets.storage.atomic import make_private

FAILURES_A_DAY = 1000
"""More are counted nowhere: the record must not be a way to fill the disk."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    account TEXT,
    role TEXT,
    by TEXT NOT NULL,
    peer TEXT,
    about TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS by_event ON record (event, at);
CREATE TRIGGER IF NOT EXISTS never_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END;
CREATE TRIGGER IF NOT EXISTS never_deleted BEFORE DELETE ON record
BEGIN SELECT RAISE(ABORT, 'the record is only added to'); END;
"""
_FAILURES = "SELECT count(*) FROM record WHERE event = ? AND at > ?"


class Event(StrEnum):
    """What happened."""

    ADDED = "account_added"
    REMOVED = "account_removed"
    TOKEN = "token_made"  # noqa: S105 - a name of an event
    PASSWORD = "password_set"  # noqa: S105
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    FAILED = "sign_in_failed"
    TRIED = "film_tried"


@dataclass(frozen=True)
class Entry:
    """A row: `by` is who did it to the `account`, `peer` from which address, `at` in ISO 8601;
    `about` is the request of a film that was tried.
    """

    at: str
    event: str
    account: str | None
    role: str | None
    by: str
    peer: str | None
    about: str | None


class PeopleRecord:
    """Adds and shows rows. Opens the file for each: few rows, of several processes."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._path = settings.room_folder / "people.sqlite"

    def add(
        self,
        event: Event,
        *,
        account: str | None,
        by: str,
        role: str | None = None,
        peer: str | None = None,
        about: str | None = None,
    ) -> None:
        """Add a row; it is on the disk when this returns."""
        now = clock.now()
        with self._opened() as db:
            if event == Event.FAILED:
                since = (now - timedelta(days=1)).isoformat()
                if db.execute(_FAILURES, (event, since)).fetchone()[0] >= FAILURES_A_DAY:
                    return
            db.execute(
                "INSERT INTO record (at, event, account, role, by, peer, about)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (now.isoformat(), event, account, role, by, peer, about),
            )

    def rows(self, last: int = 100) -> list[Entry]:
        """The last rows, newest first."""
        with self._opened() as db:
            found = db.execute(
                "SELECT at, event, account, role, by, peer, about FROM record"
                " ORDER BY position DESC LIMIT ?",
                (last,),
            ).fetchall()
        return [Entry(*row) for row in found]

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        make_private(self._path)
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_SCHEMA)
            yield db
