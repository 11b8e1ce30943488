"""A run as the terminal shows it: a bar for each running step, a line for each finished one."""

import pydoc
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn

from xray_assets.errors import XrayError
from xray_assets.progress import ProgressReport, parse_progress

if TYPE_CHECKING:
    from dagster import AssetCheckEvaluation, DagsterInstance, EventLogEntry
    from dagster_shared.error import SerializableErrorInfo

PAGE = 500
LINE_SECONDS = 5.0


class RunView:
    """Reads a run's events and draws them. `look` may be called from any thread."""

    def __init__(self, instance: "DagsterInstance", run_id: str, console: Console) -> None:
        """Nothing is drawn before the view is entered."""
        self.succeeded = False
        self.problem = "it has not ended"
        self._instance, self._run_id = instance, run_id
        self._cursor: str | None = None
        self._tasks: dict[str, TaskID] = {}
        self._since: dict[str, float] = {}
        self._said: dict[str, float] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing; what is still shown as running is cleared."""
        self._progress.stop()

    def wait_for_end(self) -> None:
        """Block until the run has ended, as `look` in another thread tells."""
        while not self._ended.wait(0.2):
            pass

    def look(self) -> None:
        """Read the events since the last look."""
        with self._lock:
            more = True
            while more:
                page = self._instance.get_records_for_run(
                    self._run_id, cursor=self._cursor, limit=PAGE
                )
                self._cursor, more = page.cursor, page.has_more
                for record in page.records:
                    self._show(record.event_log_entry)

    def _show(self, entry: "EventLogEntry") -> None:
        from dagster import DagsterEventType

        step, event = entry.step_key or "", entry.dagster_event
        if event is None:
            self._show_message(step, entry.user_message, entry.timestamp)
            return
        match event.event_type:
            case DagsterEventType.STEP_START:
                self._since[step] = entry.timestamp
                self._tasks[step] = self._progress.add_task(step, total=None)
            case DagsterEventType.STEP_SUCCESS:
                self._finish(step, "[green]done[/green]", entry.timestamp)
            case DagsterEventType.ASSET_CHECK_EVALUATION:
                self._show_check(event.asset_check_evaluation_data)
            case DagsterEventType.STEP_FAILURE:
                self._finish(step, "[red]failed[/red]", entry.timestamp)
                error = event.step_failure_data.error
                self.problem = f"{step}: {sentence_of(error) if error else event.message}"
            case DagsterEventType.RUN_SUCCESS:
                self.succeeded = True
                self._ended.set()
            case DagsterEventType.RUN_FAILURE | DagsterEventType.RUN_CANCELED:
                if self.problem == "it has not ended":
                    self.problem = event.message or event.event_type_value
                self._ended.set()

    def _show_check(self, check: "AssetCheckEvaluation") -> None:
        """A failed check's own line: the step that ran it is done all the same."""
        if not check.passed:
            said = escape(f"{check.check_name}: {check.description or 'failed'}")
            self._progress.console.print(f"  [yellow]check failed[/yellow] {said}")

    def _show_message(self, step: str, message: str, now: float) -> None:
        report = parse_progress(message)
        if report is None:
            return
        if not self._progress.console.is_terminal:
            self._say_in_a_line(step, report, now)
        elif step in self._tasks:
            self._progress.update(
                self._tasks[step],
                description=f"{step}: {report.work}",
                completed=report.done,
                total=report.total,
            )

    def _say_in_a_line(self, step: str, report: ProgressReport, now: float) -> None:
        """Where nothing can be drawn (a pipe, a log file): a line every few seconds."""
        if report.done < report.total and now - self._said.get(step, 0.0) < LINE_SECONDS:
            return
        self._said[step] = now
        line = f"{step}: {report.work}: {report.done} of {report.total}"
        self._progress.console.print(f"  {escape(line)}", soft_wrap=True)

    def _finish(self, step: str, outcome: str, now: float) -> None:
        task = self._tasks.pop(step, None)
        if task is not None:
            self._progress.remove_task(task)
        seconds = now - self._since.get(step, now)
        self._progress.console.print(f"  {outcome} {escape(step)} ({seconds:.1f} s)")


def sentence_of(error: "SerializableErrorInfo") -> str:
    """The message of an XrayError, which says what to do, without the path of its class; else the
    first cause, with its class's name.
    """
    chain = [error]
    while chain[-1].cause is not None:
        chain.append(chain[-1].cause)
    ours = next((one for one in chain if _is_mendable(one)), None)
    shown = ours or chain[-1]
    path, said = _parts(shown)
    if not path:
        return said
    return said if ours else f"{shown.cls_name}: {said}"


def _parts(error: "SerializableErrorInfo") -> tuple[str, str]:
    """The qualified name of the error's class, which Dagster keeps before the message alone, and
    the message; "" where there is no name.
    """
    path, separator, said = error.message.strip().partition(": ")
    named = separator and path.rpartition(".")[2] == error.cls_name
    return (path, said) if named else ("", error.message.strip())


def _is_mendable(error: "SerializableErrorInfo") -> bool:
    found = pydoc.locate(_parts(error)[0])
    return isinstance(found, type) and issubclass(found, XrayError)
