"""Which process: its id, and its birth, which tells it from a later one with the same id."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROCESS_TAG = "xray/process"
"""Tag of a run: the process that carries it out."""


@dataclass(frozen=True)
class ProcessIdentity:
    """One process of this machine. `birth` is its start time as the system tells it; empty for a
    process that is gone.
    """

    pid: int
    birth: str

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process that has this id now."""
        return cls(pid, _birth(pid))

    @classmethod
    def this(cls) -> Self:
        """The calling process."""
        return cls.of(os.getpid())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read back what `str` wrote. Raises ValueError for anything else."""
        pid, _, birth = text.partition(":")
        return cls(int(pid), birth)

    @classmethod
    def of_run(cls, tags: Mapping[str, str]) -> Self | None:
        """The process that a run's tags name; None where they name none."""
        try:
            return cls.parse(tags[PROCESS_TAG])
        except (KeyError, ValueError):
            return None

    def __str__(self) -> str:
        """`<pid>:<birth>`, as tags keep it."""
        return f"{self.pid}:{self.birth}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of a run that this process carries out."""
        return {PROCESS_TAG: str(self)}

    @property
    def is_alive(self) -> bool:
        """True while this very process runs (a zombie does not)."""
        return _birth(self.pid) == self.birth != ""


def _birth(pid: int) -> str:
    """Start time of a process as the system tells it; empty for none or a zombie."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state == "Z" else rest[18]
    except OSError:
        if Path("/proc/self/stat").exists():
            return ""
    question = ["ps", "-o", "lstart=,stat=", "-p", str(pid)]
    told = subprocess.run(question, capture_output=True, text=True, check=False).stdout
    started, _, state = told.strip().rpartition(" ")
    return "" if state.startswith("Z") else started.strip()
