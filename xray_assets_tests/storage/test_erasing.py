"""What is erased from an SQLite file is nowhere in it; what was cut off erased nothing."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from xray_assets.storage.erasing import erasing

SECRET = "a patient's row that must not stay"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another connection, which keeps the file's log from being taken in and removed."""
    with closing(sqlite3.connect(tmp_path / "kept.sqlite", isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE kept (content TEXT)")
        db.execute("INSERT INTO kept VALUES (?), ('another')", (SECRET,))
        yield db


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def rows(db: sqlite3.Connection) -> set[str]:
    return {content for (content,) in db.execute("SELECT content FROM kept")}


def test_nothing_of_an_erased_row_is_left_in_the_file_or_its_log(
    tmp_path: Path, reader: sqlite3.Connection
) -> None:
    assert SECRET.encode() in bytes_of(tmp_path)
    with erasing(tmp_path / "kept.sqlite") as db:
        db.execute("DELETE FROM kept WHERE content = ?", (SECRET,))
    assert rows(reader) == {"another"}
    assert SECRET.encode() not in bytes_of(tmp_path)


def test_an_erasure_that_is_cut_off_erases_nothing(
    tmp_path: Path, reader: sqlite3.Connection
) -> None:
    with pytest.raises(KeyboardInterrupt), erasing(tmp_path / "kept.sqlite") as db:
        db.execute("DELETE FROM kept WHERE content = ?", (SECRET,))
        raise KeyboardInterrupt
    assert rows(reader) == {"another", SECRET}
