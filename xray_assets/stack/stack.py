"""The stack: starts processes, waits until each is ready, starts again what dies, and stops all of
them, come what may.
"""

import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from xray_assets.settings import Settings
from xray_assets.stack import processes, readiness, running
from xray_assets.stack.environment import variable
from xray_assets.stack.members import Members, StackError, StackStopped
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.services import DEFAULT_SERVICES, Service, expand, services
from xray_assets.stack.state import WORKSPACE, prepare_state

WATCH_SECONDS = 0.5


class Stack:
    """The processes of this machine. As a context manager it starts its services and stops them."""

    def __init__(
        self,
        settings: Settings,
        *,
        names: Sequence[str] = DEFAULT_SERVICES,
        workspace: Path = WORKSPACE,
        progress: Callable[[str], None] = lambda message: None,
    ) -> None:
        """`names`: services or groups; `progress` is told what starts, is ready, or has died."""
        self.settings = settings
        self.names = expand(list(names))
        self._workspace = workspace
        self._progress = progress
        self._members = Members(running.run_folder(settings), settings.state / "logs", progress)

    def __enter__(self) -> "Stack":
        """Start every service of this stack."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop what was started."""
        self.stop()

    def start(self) -> None:
        """Start the services and return when all are ready; on any failure or interrupt, stop what
        was started. A service that runs without a supervisor is taken over as it is.

        Raises StackError when a service already runs, its port is taken, it dies, or it is not
        ready in time; StateError when the state folder cannot be written.
        """
        prepare_state(self.settings)
        known = services(self.settings, workspace=self._workspace)
        wanted = {name: known[name] for name in self.names}
        taken_over = self._take_over(wanted)
        missing = [service for name, service in wanted.items() if name not in taken_over]
        try:
            self._refuse_taken_ports(missing)
            self._start(missing)
        except BaseException:
            self.stop()
            raise
        for name, process in taken_over.items():
            self._members.adopt(wanted[name], process)

    def stop(self) -> None:
        """End every process of this stack, with all descendants. Safe to call again."""
        running.stop(self.settings, self._members.running)
        self.leave_running()

    def leave_running(self) -> None:
        """Forget the processes without stopping them; `xray down` finds them by their records."""
        self._members.forget()

    def wait(self, announcement: str = "") -> None:
        """Look after the services until SIGTERM, or an `xray down` elsewhere, which `progress` is
        told. Ctrl-C is a KeyboardInterrupt.

        The announcement is told once a signal would be heard.
        """
        stopping = threading.Event()
        before = signal.signal(signal.SIGTERM, lambda *_: stopping.set())
        try:
            if announcement:
                self._progress(announcement)
            while not stopping.wait(WATCH_SECONDS):
                self._members.look_after()
        except StackStopped as stopped:
            self._progress(str(stopped))
        finally:
            signal.signal(signal.SIGTERM, before)

    def _take_over(self, wanted: Mapping[str, Service]) -> dict[str, RunningProcess]:
        """The wanted services that run, and that nobody looks after. Others than these settings
        would start are stopped, and so is what dead ones left.
        """
        found = {
            name: process
            for name, process in running.recorded(self.settings).items()
            if name in wanted
        }
        if twice := [one for one in found.values() if one.is_alive and one.is_looked_after]:
            named = ", ".join(f"{process.name} (process {process.pid})" for process in twice)
            raise StackError(
                f"already running from {self.settings.state}: {named}. Stop with `xray down` first"
            )
        fitting = {
            name: process
            for name, process in found.items()
            if process.is_alive and process.made_of == wanted[name].digest
        }
        running.end(self.settings, {n: one for n, one in found.items() if n not in fitting})
        for name, process in fitting.items():
            self._progress(f"{wanted[name].title} runs already (process {process.pid})")
        return fitting

    def _refuse_taken_ports(self, chosen: Sequence[Service]) -> None:
        for service in chosen:
            if service.port is None or readiness.is_free(service.host, service.port):
                continue
            raise StackError(
                f"port {service.port} of {service.title} is taken by another program: stop it, or "
                f"choose another port with {variable(service.port_setting)}=<port>"
            )

    def _start(self, missing: Sequence[Service]) -> None:
        waiting, starting = list(missing), dict[str, Service]()
        while waiting or starting:
            unready = {service.name for service in (*waiting, *starting.values())}
            for service in [service for service in waiting if not unready & set(service.after)]:
                self._progress(f"starting {service.title}")
                self._members.launch(service)
                waiting.remove(service)
                starting[service.name] = service
            self._await_one(starting)

    def _await_one(self, starting: dict[str, Service]) -> None:
        """Return when at least one of the starting services is ready, and drop it."""
        before = len(starting)
        while len(starting) == before:
            self._members.demand_all_alive()
            for service in list(starting.values()):
                if self._is_ready(service):
                    where = f" at {service.url}" if service.url else ""
                    self._progress(f"{service.title} is ready{where}")
                    del starting[service.name]
            time.sleep(processes.POLL_SECONDS)

    def _is_ready(self, service: Service) -> bool:
        process = self._members.running[service.name]
        try:
            if service.is_ready(process.started):
                return True
        except readiness.NotLoadableError as error:
            raise StackError(str(error)) from error
        if time.time() - process.started > service.ready_seconds:
            raise StackError(
                f"{service.title} was not ready within {service.ready_seconds:.0f} s; "
                f"the end of {process.log}:\n{process.last_lines()}"
            )
        return False
