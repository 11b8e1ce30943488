"""When the inference log is written: in groups, and no answer leaves before its row is durable.

Light requests are gathered while the serving thread works through what has arrived, and committed
together on that thread: the way to another one and back costs more than the commit. Large films, a
log that waits for the disk (FULL), and a log in trouble are the writer thread's, which takes all
that has come meanwhile.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from xray_assets.serving.case_keys import CaseKeys
from xray_assets.serving.log_file import LogFile, Synchronous
from xray_assets.serving.log_rows import LogEntry, LogRows, rows_of

MAX_BATCH = 256


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
        on_change: Callable[[str | None], None] = lambda problem: None,
    ) -> None:
        """Open the log. `on_change` hears the problem when it fails and None when it recovers."""
        self._file = LogFile(path, synchronous)
        self._lock = threading.Lock()
        """Held by whoever uses the file."""
        # A commit that waits for the disk would hold up the serving thread.
        self._waits_for_disk = synchronous != "NORMAL"
        self._case_keys = case_keys
        self._on_change = on_change
        self._gathered: list[_Ready] = []
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self.problem: str | None = None
        """Why the log cannot be written; None while it can."""
        with self._lock:
            self._attempt([])
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def write(self, entry: LogEntry, *, light: bool = False, alone: bool = False) -> _Answer | None:
        """Make the rows of an entry durable: None when they are, else a future that ends when.

        `light`: its films are small and few; `alone`: no other request is in work. Raises (or the
        future ends with) LogUnavailable when nothing was written. Called on the serving thread.
        """
        loop = asyncio.get_running_loop()
        if not light or self._waits_for_disk or self.problem is not None:
            answer = loop.create_future()
            self._queue.put((entry, answer))
            return answer
        rows = rows_of(entry, self._case_keys)
        if alone and self._lock.acquire(blocking=False):
            try:
                problem = self._attempt([rows])
            finally:
                self._lock.release()
            if problem is not None:
                raise LogUnavailable(problem)
            return None
        answer = loop.create_future()
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
        if not self._lock.acquire(blocking=False):
            self._queue.put(group)
            return
        try:
            problem = self._attempt([rows for rows, _ in group])
        finally:
            self._lock.release()
        _end([answer for _, answer in group], problem)

    def _run(self) -> None:
        job: _Job | None = _PROBE
        while job is not None:
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
        self._file.close()

    def _ready(self, entry: LogEntry, answer: _Answer) -> list[_Ready]:
        try:
            return [(rows_of(entry, self._case_keys), answer)]
        except Exception as error:  # one bad entry must neither fail others nor end the thread
            answer.get_loop().call_soon_threadsafe(_fail, answer, error)
            return []

    def _attempt(self, batch: list[LogRows]) -> str | None:
        """Commit with the lock held; on failure start afresh next time. Returns the problem."""
        before = self.problem
        try:
            self._file.commit(batch)
            self.problem = None
        except Exception as error:  # whatever it was, nothing was written: everyone is told
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
