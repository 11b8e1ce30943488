"""How rows are taken out of an SQLite file so that nothing of them stays in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def erasing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection in one transaction: what is deleted in it is overwritten in the file and in its
    log; after an error nothing was. Raises sqlite3.Error.
    """
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:  # a cancelled erasure too must leave the file as it was
            connection.execute("ROLLBACK")
            raise
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
