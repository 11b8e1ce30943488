"""A durable list of numbered rows in SQLite, beside whoever writes it: the inference log, the
feedback inbox. What the rows mean is not known here. Standard library only.

Whether it is the same list as before tells its identity (`list_identity.py`).
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.storage.list_identity import (
    TABLES,
    UPGRADED,
    acknowledge,
    adopt,
    has_table,
    identity_of,
    shift_of,
)


class OtherRows(XrayError):
    """The file is not the one that was meant, or lacks rows that nobody took out."""


@dataclass(frozen=True)
class Seen:
    """A list at one moment: who it is, its last position, and how far `tables` have taken it."""

    id: str
    shift: int
    kind: str
    end: int
    taken: int


class NumberedRows:
    """Reads a list beside its writers, each call one consistent snapshot of its own connection.

    Works while others write and before the file exists.
    """

    _table: str
    _number: str
    _key: str

    def __init__(self, path: Path) -> None:
        """Nothing is opened here."""
        self._path = path

    def look(self) -> Seen | None:
        """What the list is now; None while there is none.

        The id of a list that has not been brought up to date since 0.1.0 is empty.
        """
        with self._snapshot() as connection:
            if connection is None:
                return None
            id_, shift, kind = identity_of(connection) or ("", 0, UPGRADED)
            taken = 0
            if id_:
                row = connection.execute(_TAKEN, (TABLES,)).fetchone()
                taken = row[0] if row else 0
            return Seen(id_, shift, kind, self._end(connection) + shift, taken)

    def position(self) -> int:
        """The last position; 0 when nothing was ever stored."""
        seen = self.look()
        return seen.end if seen else 0

    def rows_after(
        self, position: int, limit: int, columns: Sequence[str], *, id_: str = ""
    ) -> list[tuple[Any, ...]]:
        """At most `limit` rows after a position, in order: (position, *columns).

        Raises OtherRows when rows in between are gone that nobody took out, or when this is not the
        list `id_` ('' for any).
        """
        with self._snapshot() as connection:
            if connection is None:
                return []
            shift = shift_of(connection)
            query = (
                f"SELECT {self._number} + ?, {', '.join(columns)} FROM {self._table} "  # noqa: S608
                f"WHERE {self._number} > ? ORDER BY {self._number} LIMIT ?"
            )
            rows = connection.execute(query, (shift, position - shift, limit)).fetchall()
            if id_:
                whole = rows[-1][0] - shift if len(rows) == limit else self._end(connection)
                self._demand(connection, id_, position - shift, whole)
            return rows

    def position_of(self, key: str) -> int | None:
        """The position of the row with this key."""
        with self._snapshot() as connection:
            if connection is None:
                return None
            query = f"SELECT {self._number} + ? FROM {self._table} WHERE {self._key} = ?"  # noqa: S608
            row = connection.execute(query, (shift_of(connection), key)).fetchone()
            return row[0] if row else None

    def keys(self, after: int, upto: int) -> dict[int, str]:
        """The keys of the rows in (after, upto], by position."""
        with self._snapshot() as connection:
            if connection is None:
                return {}
            shift = shift_of(connection)
            query = f"SELECT {self._number} + ?, {self._key} FROM {self._table}"  # noqa: S608
            span = f" WHERE {self._number} > ? AND {self._number} <= ?"
            return dict(connection.execute(query + span, (shift, after - shift, upto - shift)))

    def lowest(self) -> int:
        """The lowest position that is held, less one: where a list begins that was cleaned up."""
        with self._snapshot() as connection:
            if connection is None:
                return 0
            query = f"SELECT min({self._number}) FROM {self._table}"  # noqa: S608 constants
            first = connection.execute(query).fetchone()[0]
            return (self._end(connection) if first is None else first - 1) + shift_of(connection)

    def _demand(self, connection: sqlite3.Connection, id_: str, after: int, upto: int) -> None:
        """Raise OtherRows unless this is the list `id_` and its rows (after, upto] are whole.

        SQLite gives the numbers without gaps, so a missing one was removed.
        """
        now = (identity_of(connection) or ("", 0, ""))[0]
        if id_ != now:
            raise OtherRows(f"{now or 'one without identity'} is there, {id_} was being read")
        span = f"WHERE {self._number} > ? AND {self._number} <= ?"
        query = f"SELECT count(*) FROM {self._table} {span}"  # noqa: S608 constants
        found = connection.execute(query, (after, upto)).fetchone()[0]
        if found == max(0, upto - after):
            return
        query = "SELECT count(*) FROM erased WHERE number > ? AND number <= ?"
        erased = connection.execute(query, (after, upto)).fetchone()[0]
        if found + erased != upto - after:
            raise OtherRows(f"{upto - after - found - erased} of its rows after {after} are gone")

    def register(self, consumer: str) -> None:
        """Hold everything that this consumer has not acknowledged, which is all at first."""
        self.acknowledge(consumer, 0)

    def acknowledge(self, consumer: str, position: int) -> None:
        """Say that a consumer needs the rows up to `position` no more. Never moves back."""
        if not self._path.exists():
            return
        with _writing(self._path) as connection:
            if identity_of(connection):
                acknowledge(connection, consumer, position)

    def adopt(self, *, position: int, start: int, by: str, reason: str) -> str:
        """Give the list a new identity, under which the row after `start` (a position under the
        present one) has the position after `position`. Returns the new id.
        """
        with _writing(self._path) as connection:
            return adopt(connection, position=position, start=start, by=by, reason=reason)

    def _end(self, connection: sqlite3.Connection) -> int:
        row = connection.execute(_SEQUENCE, (self._table,)).fetchone()
        return int(row[0]) if row else 0

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection | None]:
        """A connection in a transaction that reads; None where there is no list yet."""
        if not self._path.exists():
            yield None
            return
        # Not mode=ro: after a kill the first to come recovers the write-ahead log, and the last
        # closer of a WAL database leaves no -shm file, which mode=ro could not make.
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            yield connection if has_table(connection, self._table) else None
        finally:
            connection.close()


_TAKEN = "SELECT position FROM consumers WHERE name = ?"
_SEQUENCE = "SELECT seq FROM sqlite_sequence WHERE name = ?"


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()
