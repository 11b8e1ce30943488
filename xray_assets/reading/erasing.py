"""Takes the leases of some requests out of the reading room's store."""

import json
from collections.abc import Sequence
from pathlib import Path

from xray_assets.storage.erasing import erasing

_THEIRS = "SELECT lease FROM leases WHERE request_id IN (SELECT value FROM json_each(?))"


def erase_leases(path: Path, request_ids: Sequence[str]) -> int:
    """Delete the leases of these requests and what was committed under them, in one transaction,
    and overwrite them in the file; returns how many leases. Raises sqlite3.Error.
    """
    if not path.exists():
        return 0
    about = (json.dumps(list(request_ids)),)
    with erasing(path) as db:
        db.execute(f"DELETE FROM commits WHERE lease IN ({_THEIRS})", about)  # noqa: S608
        return db.execute(f"DELETE FROM leases WHERE lease IN ({_THEIRS})", about).rowcount  # noqa: S608
