"""When the inference log is written: in groups, and no answer leaves before its row is durable.

Light requests are gathered while the serving thread works through what has arrived, and committed
together on that thread: the way to another one and back costs more than the commit. Large films, a
log in trouble, and one that waits for the disk (FULL) while other requests are in work are the
writer thread's, which takes all that has come meanwhile. So is waiting for a lock that another
process holds on the file.
"""

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from xray_assets.catalog import CLINICAL
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.log.file import LogBusy, LogFile, Synchronous
from xray_assets.serving.log.rows import LogEntry, LogRows, rows_of

MAX_BATCH = 256
SERVING_PATIENCE_SECONDS = 0.02
"""How long the serving thread waits for another process's write lock before the writer does."""
PATIENCE_SECONDS = 1.0
"""How long the writer thread waits for it, before its requests are refused."""
TROUBLED_PATIENCE_SECONDS = 0.05
"""The same while the log is in trouble: whoever comes then is told at once."""


class LogUnavailable(Exception):
    """The row could not be made durable; nothing of the request was kept."""


_Answer = asyncio.Future[None]
_Ready = tuple[LogRows, _Answer]
_Job = tuple[LogEntry, _Answer] | list[_Ready]
_PROBE: list[_Ready] = []


class LogWriter:
    """The log of one serving process."""

    def __init__(
        self,
        path: Path,
        *,
        synchronous: Synchronous,
        case_keys: CaseKeys,
        counted: str = CLINICAL,
        on_change: Callable[[str | None], None] = lambda problem: None,
    ) -> None:
        """Open the log. `on_change` hears the problem when it fails and None when it recovers."""
        self._file = LogFile(path, synchronous)
        self._lock = threading.Lock()
        """Held by whoever uses the file."""
        # A commit that waits for the disk would hold up the serving thread.
        self._waits_for_disk = synchronous != "NORMAL"
        self._rows_of = partial(rows_of, case_keys=case_keys, counted=counted)
        self._on_change = on_change
        self._gathered: list[_Ready] = []
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self.problem: str | None = None
        """Why the log cannot be written; None while it can."""
        with self._lock:
            self._attempt([])
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    @property
    def damage(self) -> str | None:
        """What to do about damaged pages, also while other writes work; None for a sound log."""
        if not self._file.is_damaged:
            return None
        return (
            "the inference log has damaged pages: stop the endpoint, restore log.sqlite from a "
            "backup or move it away, and start again"
        )

    def write(self, entry: LogEntry, *, light: bool = False, alone: bool = False) -> _Answer | None:
        """Make the rows of an entry durable: None when they are, else a future that ends when.

        `light`: its films are small and few; `alone`: no other request is in work. The future ends
        with LogUnavailable when nothing was written. Called on the serving thread.
        """
        loop = asyncio.get_running_loop()
        waits_for_others = self._waits_for_disk and not alone
        if not light or waits_for_others or self.problem is not None:
            answer = loop.create_future()
            self._queue.put((entry, answer))
            return answer
        rows = self._rows_of(entry)
        answer = loop.create_future()
        if alone:
            self._attempt_here([(rows, answer)])
            return None if answer.done() and answer.exception() is None else answer
        self._gathered.append((rows, answer))
        if len(self._gathered) == 1:
            loop.call_soon(self._commit_gathered)
        return answer

    def probe(self) -> None:
        """Try to write when the log is in trouble, so that it recovers without traffic."""
        if self.problem is not None:
            self._queue.put(_PROBE)

    def close(self) -> None:
        """Write what is queued, then close the database. Called when no request is in work."""
        self._queue.put(None)
        self._thread.join()

    def _commit_gathered(self) -> None:
        group, self._gathered = self._gathered, []
        self._attempt_here(group)

    def _attempt_here(self, group: list[_Ready]) -> None:
        """Commit on the serving thread and end the futures, or ask the writer thread to, when that
        would take a wait.
        """
        if not self._lock.acquire(blocking=False):
            self._queue.put(group)
            return
        try:
            problem = self._attempt([rows for rows, _ in group], here=True)
        except LogBusy:
            self._queue.put(group)
            return
        finally:
            self._lock.release()
        _end([answer for _, answer in group], problem)

    def _run(self) -> None:
        while self._write_next():
            pass
        self._file.close()

    def _write_next(self) -> bool:
        """Wait for work and write it with all that has come meanwhile; False at the end.

        A call of its own, so that what was written is not held while the thread waits for more.
        """
        group: list[_Ready] = []
        job = self._queue.get()
        while job is not None:
            group += job if isinstance(job, list) else self._ready(*job)
            if self._queue.empty() or len(group) >= MAX_BATCH:
                break
            job = self._queue.get()
        with self._lock:
            problem = self._attempt([rows for rows, _ in group])
        if group:
            _wake([answer for _, answer in group], problem)
        return job is not None

    def _ready(self, entry: LogEntry, answer: _Answer) -> list[_Ready]:
        try:
            return [(self._rows_of(entry), answer)]
        except Exception as error:  # one bad entry must neither fail others nor end the thread
            answer.get_loop().call_soon_threadsafe(_fail, answer, error)
            return []

    def _attempt(self, batch: list[LogRows], *, here: bool = False) -> str | None:
        """Commit with the lock held; on failure start afresh next time. Returns the problem.

        `here`, on the serving thread, LogBusy is no failure yet, and raised.
        """
        before = self.problem
        patience = TROUBLED_PATIENCE_SECONDS if before else PATIENCE_SECONDS
        try:
            self._file.commit(
                batch, patience_seconds=SERVING_PATIENCE_SECONDS if here else patience
            )
            self.problem = None
        except Exception as error:  # whatever it was, nothing was written: everyone is told
            if here and isinstance(error, LogBusy):
                raise
            self.problem = f"the inference log cannot be written: {error}"
            self._file.close()
        if self.problem != before:
            self._on_change(self.problem)
        return self.problem


def _wake(answers: list[_Answer], problem: str | None) -> None:
    """End the futures on their own loop; nobody waits for those of a loop that has closed."""
    loop = answers[0].get_loop()
    if not loop.is_closed():
        loop.call_soon_threadsafe(_end, answers, problem)


def _end(answers: list[_Answer], problem: str | None) -> None:
    for answer in answers:
        if problem is not None:
            _fail(answer, LogUnavailable(problem))
        elif not answer.done():
            answer.set_result(None)


def _fail(answer: _Answer, error: Exception) -> None:
    if not answer.done():
        answer.set_exception(error)
