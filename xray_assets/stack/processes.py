"""One process and its group: start it, remember it on disk, see whether it still runs, end it.

Every process gets its own session, so that a Ctrl-C reaches only the one who decides what to stop,
and a stop reaches every descendant (Dagster's run workers, training subprocesses).
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from xray_assets.runs.identity import ProcessIdentity
from xray_assets.settings import PROJECT
from xray_assets.storage.atomic import replace_file
from xray_assets.web.private_files import PRIVATE

POLL_SECONDS = 0.05


@dataclass(frozen=True)
class RunningProcess:
    """What is remembered of a process. `birth` tells it from a later one with the same id."""

    name: str
    pid: int
    birth: str
    log: str
    started: float
    url: str | None = None
    port: int | None = None
    made_of: str = ""
    """Digest of its command and settings: an equal one need not be started again."""
    supervisor: str = ""
    """The process that starts it again when it dies."""
    restarts: int = 0
    crashes: int = 0
    """In a row, without a steady minute in between."""
    died: float | None = None
    """When its death was noticed, Unix time."""
    stopping: bool = False
    """Somebody asked for its end, so that its death is no failure."""

    @property
    def is_looked_after(self) -> bool:
        """True while its supervisor runs."""
        return bool(self.supervisor) and ProcessIdentity.parse(self.supervisor).is_alive

    @property
    def is_alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        return ProcessIdentity(self.pid, self.birth).is_alive

    def last_lines(self, count: int = 15) -> str:
        """The end of its log."""
        try:
            with Path(self.log).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 32_768))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
        except OSError:
            return ""


def start_process(
    name: str,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    log: Path,
) -> tuple[RunningProcess, subprocess.Popen[bytes]]:
    """Start a process in its own session; its output goes to `log`, the last one to `<log>.1`."""
    if log.exists():
        log.replace(log.with_name(f"{log.name}.1"))
    with log.open("wb") as output:
        child = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=PRIVATE,
        )
    birth = ProcessIdentity.of(child.pid).birth
    return RunningProcess(name, child.pid, birth, str(log), time.time()), child


def remember(process: RunningProcess, folder: Path) -> None:
    """Write the process's record, atomically."""
    replace_file(folder / f"{process.name}.json", json.dumps(asdict(process)), durable=False)


def mark_stopping(process: RunningProcess, folder: Path) -> None:
    """Tell whoever watches this process that its end is wanted."""
    if _is_of(process, _read(folder / f"{process.name}.json")):
        remember(replace(process, stopping=True), folder)


def end_was_wanted(process: RunningProcess, folder: Path) -> bool:
    """True when the record of a dead process says so, or when whoever stopped it removed it."""
    record = _read(folder / f"{process.name}.json")
    return record is None or record.stopping or not _is_of(process, record)


def forget(process: RunningProcess, folder: Path) -> None:
    """Remove the record of this process; one of a later process by that name stays."""
    record = folder / f"{process.name}.json"
    if _is_of(process, _read(record)):
        record.unlink(missing_ok=True)


def recorded(folder: Path) -> dict[str, RunningProcess]:
    """The processes that were started and not stopped since, dead ones too, by name."""
    records = [_read(record) for record in sorted(folder.glob("*.json"))]
    return {process.name: process for process in records if process}


def remembered(folder: Path) -> dict[str, RunningProcess]:
    """The processes that were started and still run, by name."""
    return {name: process for name, process in recorded(folder).items() if process.is_alive}


def _read(record: Path) -> RunningProcess | None:
    """A record; None when there is none. Half a record tells nothing: the port check still finds
    its process.
    """
    try:
        return RunningProcess(**json.loads(record.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _is_of(process: RunningProcess, record: RunningProcess | None) -> bool:
    return record is not None and (record.pid, record.birth) == (process.pid, process.birth)


def stop_processes(processes: Sequence[RunningProcess], *, grace_seconds: float) -> None:
    """SIGTERM every process group, SIGKILL what is left after the grace, wait for their end."""
    groups = [process.pid for process in processes]
    for group in groups:
        _signal(group, signal.SIGTERM)
    if not _gone(groups, grace_seconds):
        for group in groups:
            _signal(group, signal.SIGKILL)
        _gone(groups, 5.0)


def end_leftovers(process: RunningProcess) -> None:
    """End what a dead process left of its group: a worker may still hold its port."""
    if ProcessIdentity.of(process.pid).birth == "":  # else the id, and the group, are another's
        stop_processes([process], grace_seconds=1.0)


def _gone(groups: Sequence[int], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(_group_lives(group) for group in groups):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _group_lives(group: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(group, os.WNOHANG)  # a dead child of ours stays in its group as a zombie
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)
