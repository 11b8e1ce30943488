"""Takes the reads of some requests out of the feedback inbox."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

_ABOUT = """json_valid(content) AND json_extract(content, '$.prediction_id') IN
(SELECT value FROM json_each(?))"""


def erase_reads(inbox: Path, request_ids: Sequence[str]) -> int:
    """Delete the feedbacks about these requests in one transaction and overwrite them in the file;
    returns how many. Their numbers are kept as erased. Raises sqlite3.Error.
    """
    if not inbox.exists():
        return 0
    about = (json.dumps(list(request_ids)),)
    with closing(sqlite3.connect(inbox, timeout=30, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("BEGIN IMMEDIATE")
        try:
            remember = f"INSERT OR IGNORE INTO erased SELECT position FROM feedback WHERE {_ABOUT}"  # noqa: S608
            connection.execute(remember, about)
            erased = connection.execute(f"DELETE FROM feedback WHERE {_ABOUT}", about).rowcount  # noqa: S608
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return erased
