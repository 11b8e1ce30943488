"""The durable inbox: what readers sent, in order, each row for ever. SQLite in WAL mode, standard
library only.

A row is acknowledged only after its commit reached the disk (synchronous=FULL), so it survives
`kill -9` and a power cut. Positions rise by commit order, across processes. The feedback id is the
idempotency key. What the rows mean is not known here.
"""

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from xray_assets import clock
from xray_assets.errors import XrayError
from xray_assets.feedback.fields import FeedbackIdTaken
from xray_assets.storage.atomic import make_private
from xray_assets.storage.list_identity import MADE, TABLES, UPGRADED, identity

BUSY_SECONDS = 30.0
_LAST = "SELECT coalesce(max(position), 0) FROM feedback"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    feedback_id TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    answer TEXT NOT NULL,
    received_at INTEGER NOT NULL
) STRICT;
"""


class InboxUnavailable(XrayError, OSError):
    """The inbox cannot be written or read now; nothing was stored."""


@dataclass(frozen=True)
class Entry:
    """What is to be stored: the id, the content, and the answer that the sender gets (again, when
    it sends again).
    """

    feedback_id: str
    content: str
    answer: str


@dataclass(frozen=True)
class Stored(Entry):
    """A stored entry with its place; `received_at` in microseconds since 1970, never falling along
    positions.
    """

    position: int
    received_at: int

    def again(self, content: str) -> "Stored":
        """This entry, for who sends it again. Raises FeedbackIdTaken when the content differs."""
        if content != self.content:
            raise FeedbackIdTaken(
                f"feedback_id {self.feedback_id!r} was used for another feedback: to correct that "
                "one, send the new answer with a new feedback_id; it supersedes the earlier"
            )
        return self


class Inbox:
    """The writing side. Safe for threads and for several processes; the file and its folder are
    made when missing.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the inbox (mode 0600: notes may speak of patients). Raises
        InboxUnavailable.
        """
        self._path, self._lock = path, threading.Lock()
        self._connection = self._open()

    def add(self, entries: Sequence[Entry]) -> list[Stored]:
        """Store all entries, or none, and return them in order; an entry that is there already is
        returned as it was stored.

        Raises FeedbackIdTaken when an id holds another content, InboxUnavailable when the disk
        refuses.
        """
        with self._lock:
            self._follow_the_name()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    stored = [self._add_one(entry) for entry in entries]
                    self._connection.execute("COMMIT")
                finally:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
            except sqlite3.Error as error:
                raise InboxUnavailable(
                    f"the feedback was not stored, send it again: {error}"
                ) from error
        return stored

    def find(self, feedback_id: str) -> Stored | None:
        """The stored entry of an id."""
        with self._lock:
            try:
                return self._find(feedback_id)
            except sqlite3.Error as error:
                raise InboxUnavailable(f"the feedback inbox cannot be read: {error}") from error

    def position(self) -> int:
        """The last position; 0 while the inbox is empty."""
        with self._lock:
            try:
                return self._connection.execute(_LAST).fetchone()[0]
            except sqlite3.Error as error:
                raise InboxUnavailable(f"the feedback inbox cannot be read: {error}") from error

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> "Inbox":
        """Close on leaving the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def _open(self) -> sqlite3.Connection:
        path = self._path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            make_private(path)
            connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            made = "SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'"
            tables = connection.execute(made).fetchone()[0] or ""
            if "identities" not in tables:
                named = identity([TABLES], UPGRADED if "feedback" in tables else MADE)
                connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} {named} COMMIT")
            status = path.stat()
        except (OSError, sqlite3.Error) as error:
            raise InboxUnavailable(
                f"the feedback inbox {path} cannot be opened: {error}"
            ) from error
        self._inode = status.st_dev, status.st_ino
        return connection

    def _follow_the_name(self) -> None:
        """Open the inbox again when its file was moved, deleted or exchanged: what is written to
        the old one would be lost.
        """
        try:
            status = self._path.stat()
            if (status.st_dev, status.st_ino) == self._inode:
                return
        except FileNotFoundError:
            pass
        self._connection.close()
        self._connection = self._open()

    def _add_one(self, entry: Entry) -> Stored:
        stored = self._find(entry.feedback_id)
        return self._insert(entry) if stored is None else stored.again(entry.content)

    def _insert(self, entry: Entry) -> Stored:
        # A clock set back must not let an older answer win over its correction.
        position, received_at = self._connection.execute(
            "INSERT INTO feedback (feedback_id, content, answer, received_at) VALUES (?1, ?2, ?3,"
            " max(?4, coalesce((SELECT received_at FROM feedback ORDER BY position DESC LIMIT 1),"
            " 0)))"
            " RETURNING position, received_at",
            (entry.feedback_id, entry.content, entry.answer, clock.now_us()),
        ).fetchone()
        return Stored(entry.feedback_id, entry.content, entry.answer, position, received_at)

    def _find(self, feedback_id: str) -> Stored | None:
        row = self._connection.execute(
            "SELECT feedback_id, content, answer, position, received_at FROM feedback"
            " WHERE feedback_id = ?",
            (feedback_id,),
        ).fetchone()
        return Stored(*row) if row else None
