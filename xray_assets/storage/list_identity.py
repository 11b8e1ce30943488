"""Who a list of numbered rows is, so that another one in its place is noticed. Standard library
only.

The identity is the newest row of `identities`, made with the file. `shift` is added to row numbers
to give positions, so that a list that takes another one's place (`NumberedRows.adopt`) goes on with
its positions too. Consumers say by name how far they need it no more; `erased` names rows that were
taken out on purpose, so that any other gap is a loss.
"""

import sqlite3
from collections.abc import Sequence

from xray_assets import clock

MADE, UPGRADED, ADOPTED = "made", "upgraded", "adopted"
"""How a list came to its identity."""
TABLES, PAIRING, MEASURING = "tables", "pairing", "measuring"
"""Consumers: the tables that take the rows (every list has it), and who scores and who measures the
log's films.
"""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS identities (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       TEXT NOT NULL UNIQUE,
    shift    INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    by       TEXT NOT NULL,
    reason   TEXT NOT NULL,
    at_us    INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS consumers (name TEXT PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS erased (number INTEGER PRIMARY KEY);
"""
_FIRST = """INSERT INTO identities (id, shift, kind, by, reason, at_us)
SELECT lower(hex(randomblob(16))), 0, '{kind}', 'xray', '{kind}', unixepoch() * 1000000
WHERE NOT EXISTS (SELECT 1 FROM identities);
"""


def identity(consumers: Sequence[str], kind: str = MADE) -> str:
    """SQL to be run with what makes a list (MADE), or on a list of 0.1.0, which had none
    (UPGRADED): its identity, and who needs its rows from the start. Run again it changes nothing.
    """
    held = ", ".join(f"('{one}', 0)" for one in consumers)
    register = f"INSERT OR IGNORE INTO consumers VALUES {held};"  # noqa: S608 names of this project
    return _SCHEMA + register + _FIRST.format(kind=kind)


_NEWEST = "SELECT id, shift, kind FROM identities ORDER BY number DESC LIMIT 1"
_ACKNOWLEDGE = """INSERT INTO consumers (name, position) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position)"""
_FOLLOW = "UPDATE consumers SET position = min(position + ?, ?)"
_ADOPT = """INSERT INTO identities (id, shift, kind, by, reason, at_us)
VALUES (lower(hex(randomblob(16))), ?, ?, ?, ?, ?)"""


def acknowledge(connection: sqlite3.Connection, consumer: str, position: int) -> None:
    """A consumer needs the rows up to `position` no more. Never moves back."""
    connection.execute(_ACKNOWLEDGE, (consumer, position))


def adopt(
    connection: sqlite3.Connection, *, position: int, start: int, by: str, reason: str
) -> str:
    """The new id of the list, as `NumberedRows.adopt` says."""
    moved = position - start
    values = (shift_of(connection) + moved, ADOPTED, by, reason, clock.now_us())
    connection.execute(_ADOPT, values)
    connection.execute(_FOLLOW, (moved, position))
    acknowledge(connection, TABLES, position)
    return connection.execute(_NEWEST).fetchone()[0]


def held_from(connection: sqlite3.Connection) -> int:
    """The highest row number that no consumer needs; nothing is free while there is none."""
    row = connection.execute("SELECT min(position) FROM consumers").fetchone()
    return 0 if row[0] is None else row[0] - shift_of(connection)


def identity_of(connection: sqlite3.Connection) -> tuple[str, int, str] | None:
    """Id, shift and kind; None where the list has no identity yet."""
    if not has_table(connection, "identities"):
        return None
    return connection.execute(_NEWEST).fetchone()


def shift_of(connection: sqlite3.Connection) -> int:
    """What is added to row numbers to give positions."""
    identity = identity_of(connection)
    return identity[1] if identity else 0


def has_table(connection: sqlite3.Connection, table: str) -> bool:
    """True when the file has this table."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (table,)).fetchone() is not None
