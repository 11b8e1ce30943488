"""Progress of long work: reported by plain functions, logged by Dagster, drawn by the CLI.

A run's process and the terminal that waits for it are two processes; they share the log lines that
`LoggedProgress` writes and `parse_progress` reads back.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

Progress = Callable[[int, int], None]
"""Called with (done, total) as work goes on."""

_LINE = re.compile(r"^(?P<work>.+): (?P<done>\d+) of (?P<total>\d+)$")


class _Log(Protocol):
    def info(self, msg: object, /) -> object: ...


@dataclass(frozen=True)
class ProgressReport:
    """One line of progress: what is done, how far it is."""

    work: str
    done: int
    total: int


class LoggedProgress:
    """A Progress that logs every `every` steps and at the end."""

    def __init__(self, log: _Log, work: str, *, every: int = 100) -> None:
        self._log, self._work, self._every = log, work, every

    def __call__(self, done: int, total: int) -> None:
        """Log where the work stands, if it is time."""
        if done % self._every == 0 or done == total:
            self._log.info(f"{self._work}: {done} of {total}")


def parse_progress(message: str) -> ProgressReport | None:
    """The progress that a log message reports; None for any other message."""
    if match := _LINE.match(message):
        return ProgressReport(match["work"], int(match["done"]), int(match["total"]))
    return None
