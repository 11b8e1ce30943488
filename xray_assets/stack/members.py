"""The started services of one stack: their processes, who died, and what starts again."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from xray_assets.errors import XrayError
from xray_assets.runs.identity import ProcessIdentity
from xray_assets.stack import processes
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.services import Service
from xray_assets.stack.supervision import is_crash_loop, is_due, noticed, pause_seconds


class StackError(XrayError):
    """A process cannot start, died, or was not ready in time; the message says what to do."""


class StackStopped(StackError):
    """Somebody else ended the processes on purpose, with `xray down`."""


class Members:
    """Processes by service name, with a record on disk each."""

    def __init__(self, records: Path, logs: Path, progress: Callable[[str], None]) -> None:
        """`records` and `logs` are folders; `progress` is told who died."""
        self.running: dict[str, RunningProcess] = {}
        self._services: dict[str, Service] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._records, self._logs, self._progress = records, logs, progress

    def launch(self, service: Service, *, restarts: int = 0, crashes: int = 0) -> None:
        """Start a service's process."""
        process, self._children[service.name] = processes.start_process(
            service.name,
            service.command,
            environment=service.environment,
            log=self._logs / f"{service.name}.log",
        )
        made = replace(process, url=service.url, port=service.port, made_of=service.digest)
        self.adopt(service, replace(made, restarts=restarts, crashes=crashes))

    def adopt(self, service: Service, process: RunningProcess) -> None:
        """Look after a process from now on, whoever started it."""
        self._services[service.name] = service
        self._remember(replace(process, supervisor=str(ProcessIdentity.this())))

    def forget(self) -> None:
        """Look after nothing any more; what runs goes on, and another may take it over."""
        for child in self._children.values():
            child.poll()
        for process in self.running.values():
            if process.is_alive:
                self._remember(replace(process, supervisor=""))
        self.running, self._children = {}, {}

    def demand_all_alive(self) -> None:
        """Raise StackError when one has died: while services start, a person waits for them."""
        for name, process in self._dead():
            last = f"the end of {process.log}:\n{process.last_lines()}"
            raise StackError(f"{name} {self._end_of(name)}; {last}")

    def look_after(self) -> None:
        """Notice what died, and start again what is due. Raises StackStopped when `xray down` ended
        it.
        """
        now = time.time()
        for name, process in self._dead():
            if process.died is None:
                self._notice(noticed(process, now))
            elif is_due(process, now):
                processes.end_leftovers(process)
                restarts = process.restarts + 1
                self.launch(self._services[name], restarts=restarts, crashes=process.crashes)

    def _dead(self) -> list[tuple[str, RunningProcess]]:
        dead = [(name, one) for name, one in self.running.items() if not one.is_alive]
        for name, process in dead:
            if processes.end_was_wanted(process, self._records):
                raise StackStopped(f"`xray down` in another shell stopped {name}")
        return dead

    def _notice(self, process: RunningProcess) -> None:
        self._remember(process)
        loop = " in a loop" if is_crash_loop(process, time.time()) else ""
        self._progress(
            f"{process.name} {self._end_of(process.name)}{loop}: it starts again in "
            f"{pause_seconds(process.crashes):.0f} s; its log is {process.log}"
        )

    def _remember(self, process: RunningProcess) -> None:
        self.running[process.name] = process
        processes.remember(process, self._records)

    def _end_of(self, name: str) -> str:
        """How a process ended; of one that was taken over nobody knows."""
        child = self._children.get(name)
        return "ended" if child is None else f"ended with code {child.poll()}"
