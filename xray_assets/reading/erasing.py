"""Takes the leases of some requests out of the reading room's store."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

_THEIRS = "SELECT lease FROM leases WHERE request_id IN (SELECT value FROM json_each(?))"


def erase_leases(path: Path, request_ids: Sequence[str]) -> int:
    """Delete the leases of these requests and what was committed under them, in one transaction,
    and overwrite them in the file; returns how many leases. Raises sqlite3.Error.
    """
    if not path.exists():
        return 0
    about = (json.dumps(list(request_ids)),)
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(f"DELETE FROM commits WHERE lease IN ({_THEIRS})", about)  # noqa: S608
            erased = db.execute(f"DELETE FROM leases WHERE lease IN ({_THEIRS})", about).rowcount  # noqa: S608
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return erased
