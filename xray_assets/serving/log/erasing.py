"""Takes one patient out of the inference log: rows, films that no other row uses, exposures."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from xray_assets.storage.erasing import erasing
from xray_assets.storage.list_identity import has_table


@dataclass(frozen=True)
class ErasedRows:
    """How much was taken out."""

    rows: int = 0
    films: int = 0


def requests_of(log: Path, case_key: str) -> dict[str, int]:
    """Log position by request of a case key."""
    if not log.exists():
        return {}
    with closing(sqlite3.connect(log, timeout=30)) as connection:
        query = "SELECT request_id, log_position FROM predictions WHERE case_key = ?"
        return dict(connection.execute(query, (case_key,)))


def erase_case(log: Path, case_key: str, routing_key: bytes) -> ErasedRows:
    """Delete a case key's rows in one transaction, and overwrite what they were in the file.

    The numbers of the rows are kept as erased, so that the gap is no loss. Raises sqlite3.Error.
    """
    if not log.exists():
        return ErasedRows()
    with erasing(log) as connection:
        connection.execute(_REMEMBER, (case_key,))
        films = {row[0] for row in connection.execute(_FILMS, (case_key,))}
        delete = "DELETE FROM predictions WHERE case_key = ?"
        rows = connection.execute(delete, (case_key,)).rowcount
        unused = [(film,) for film in films if not connection.execute(_USED, (film,)).fetchone()]
        for table in (table for table in _OF_A_FILM if has_table(connection, table)):
            connection.executemany(f"DELETE FROM {table} WHERE image_sha256 = ?", unused)  # noqa: S608
        connection.execute("DELETE FROM exposures WHERE routing_key = ?", (routing_key,))
    return ErasedRows(rows, len(unused))


_OF_A_FILM = ("full_depths", "images", "image_uses")
_REMEMBER = """INSERT OR IGNORE INTO erased
SELECT log_position FROM predictions WHERE case_key = ?"""
_FILMS = "SELECT DISTINCT image_sha256 FROM predictions WHERE case_key = ?"
_USED = "SELECT 1 FROM predictions WHERE image_sha256 = ? LIMIT 1"
