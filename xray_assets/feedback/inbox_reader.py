"""The inbox read beside its writers: own connection a call, standard library only. Never writes."""

import sqlite3
from contextlib import closing
from pathlib import Path

from xray_assets.feedback.inbox import BUSY_SECONDS, LAST_POSITION, InboxUnavailable


class InboxReader:
    """The reading side: never writes, works while others write and before the file exists."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened yet."""
        self._path = path

    def position(self) -> int:
        """The last position; 0 while nothing was ever sent."""
        with closing(self._open()) as connection:
            if not _has_table(connection):
                return 0
            return connection.execute(LAST_POSITION).fetchone()[0]

    def read_after(self, position: int, limit: int) -> list[tuple[int, str, str, int]]:
        """At most `limit` rows after a position, in order: (position, feedback_id, content,
        received_at in microseconds).
        """
        with closing(self._open()) as connection:
            if not _has_table(connection):
                return []
            return connection.execute(
                "SELECT position, feedback_id, content, received_at FROM feedback"
                " WHERE position > ? ORDER BY position LIMIT ?",
                (position, limit),
            ).fetchall()

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            return sqlite3.connect(":memory:")
        try:
            # Not mode=ro: after a kill the first to come recovers the write-ahead log.
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS
            )
            connection.execute("PRAGMA query_only = 1")
        except sqlite3.Error as error:
            raise InboxUnavailable(
                f"the feedback inbox {self._path} cannot be read: {error}"
            ) from error
        return connection


def _has_table(connection: sqlite3.Connection) -> bool:
    return bool(
        connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'feedback'").fetchone()
    )
