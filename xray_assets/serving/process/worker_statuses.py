"""What the workers of one server know of each other: a small status file each, renewed every
second.

One worker is the common case; then nothing is read. Configs travel through `config_store`, rows
through the log.
"""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from xray_assets.storage.atomic import replace_file

_STALE_SECONDS = 15.0


class WorkerStatuses:
    """`<endpoint folder>/workers/<pid>.json`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "workers"
        self._mine = self._folder / f"{os.getpid()}.json"
        self._folder.mkdir(parents=True, exist_ok=True)

    def publish(self, status: dict[str, Any]) -> None:
        """Replace this worker's status. A full disk is not fatal here: the others then see the last
        one.
        """
        content = json.dumps({**status, "pid": os.getpid(), "time": time.time()})
        with suppress(OSError):
            replace_file(self._mine, content, durable=False)

    def others(self) -> list[dict[str, Any]]:
        """The last status of every other living worker."""
        found = []
        for path in self._folder.glob("*.json"):
            if path == self._mine:
                continue
            try:
                status = json.loads(path.read_text())
            except (OSError, ValueError):
                continue  # just replaced or removed
            if time.time() - status["time"] < _STALE_SECONDS and is_alive(status["pid"]):
                found.append(status)
        return found

    def leave(self) -> None:
        """Remove this worker's status."""
        self._mine.unlink(missing_ok=True)


def clear_worker_statuses(folder: Path) -> None:
    """Forget the workers of an earlier server."""
    for path in (folder / "workers").glob("*"):
        path.unlink(missing_ok=True)


def is_alive(pid: int) -> bool:
    """True when a process of this id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
