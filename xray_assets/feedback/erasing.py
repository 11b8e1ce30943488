"""Takes the reads of some requests out of the feedback inbox."""

import json
from collections.abc import Sequence
from pathlib import Path

from xray_assets.storage.erasing import erasing

_ABOUT = """json_valid(content) AND json_extract(content, '$.prediction_id') IN
(SELECT value FROM json_each(?))"""


def erase_reads(inbox: Path, request_ids: Sequence[str]) -> int:
    """Delete the feedbacks about these requests in one transaction and overwrite them in the file;
    returns how many. Their numbers are kept as erased. Raises sqlite3.Error.
    """
    if not inbox.exists():
        return 0
    about = (json.dumps(list(request_ids)),)
    with erasing(inbox) as connection:
        remember = f"INSERT OR IGNORE INTO erased SELECT position FROM feedback WHERE {_ABOUT}"  # noqa: S608
        connection.execute(remember, about)
        return connection.execute(f"DELETE FROM feedback WHERE {_ABOUT}", about).rowcount  # noqa: S608
