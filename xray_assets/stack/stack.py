"""The stack: starts processes, waits until each is ready, stops all of them, come what may."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from xray_assets.errors import XrayError
from xray_assets.runs.server import SOCKET_VARIABLE
from xray_assets.settings import Settings
from xray_assets.stack import processes, readiness, running
from xray_assets.stack.environment import process_environment, variable
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.services import DEFAULT_SERVICES, RUN_SOCKET, Service, expand, services
from xray_assets.stack.state import WORKSPACE, prepare_state
from xray_assets.web.listening import socket_folder

WATCH_SECONDS = 1.0


class StackError(XrayError):
    """A process cannot start, died, or was not ready in time; the message says what to do."""


class StackStopped(StackError):
    """Somebody else ended the processes on purpose, with `xray down`."""


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
        """`names`: services or groups; `progress` is told what starts and what is ready."""
        self.settings = settings
        self._names = expand(list(names))
        self._workspace = workspace
        self._progress = progress
        self._folder = running.run_folder(settings)
        self._running: dict[str, RunningProcess] = {}
        self._children: dict[str, subprocess.Popen[bytes]] = {}

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

    @property
    def urls(self) -> dict[str, str]:
        """Where the started services answer, by service name."""
        return {process.name: process.url for process in self._running.values() if process.url}

    def start(self, names: Sequence[str] | None = None) -> None:
        """Start services and return when all are ready; on any failure or interrupt, stop all.

        Raises StackError when a service already runs, its port is taken, it dies, or it is not
        ready in time; StateError when the state folder cannot be written.
        """
        wanted = self._names if names is None else expand(list(names))
        prepare_state(self.settings)
        try:
            self._start([name for name in wanted if name not in self._running])
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process this stack started, with all descendants. Safe to call again."""
        running.stop(self.settings, self._running)
        self.leave_running()

    def leave_running(self) -> None:
        """Forget the processes without stopping them; `xray down` finds them by their records."""
        for child in self._children.values():
            child.poll()
        self._running, self._children = {}, {}

    def check(self) -> None:
        """Raise StackError when a started process has died, StackStopped when it was stopped."""
        for process in self._running.values():
            code = self._children[process.name].poll()
            if code is not None:
                if processes.end_was_wanted(process, self._folder):
                    raise StackStopped(f"`xray down` in another shell stopped {process.name}")
                end = f"the end of {process.log}:\n{process.last_lines()}"
                raise StackError(f"{process.name} ended with code {code}; {end}")

    def wait(self, announcement: str = "") -> None:
        """Block until Ctrl-C, SIGTERM or an `xray down` elsewhere, which `progress` is told.

        The announcement is told once a signal would be heard. Raises StackError as soon as a
        process has died by itself.
        """
        stopping = threading.Event()
        before = signal.signal(signal.SIGTERM, lambda *_: stopping.set())
        try:
            if announcement:
                self._progress(announcement)
            while not stopping.wait(WATCH_SECONDS):
                self.check()
        except KeyboardInterrupt:
            return
        except StackStopped as stopped:
            self._progress(str(stopped))
        finally:
            signal.signal(signal.SIGTERM, before)

    def _start(self, wanted: Sequence[str]) -> None:
        sockets = socket_folder(self._folder)
        known = services(self.settings, workspace=self._workspace, sockets=sockets)
        waiting = [known[name] for name in wanted]
        self._refuse_taken(waiting)
        environment = process_environment(self.settings)
        environment[SOCKET_VARIABLE] = str(sockets / RUN_SOCKET)
        starting: dict[str, Service] = {}
        while waiting or starting:
            unready = {service.name for service in (*waiting, *starting.values())}
            for service in [service for service in waiting if not unready & set(service.after)]:
                self._launch(service, environment)
                waiting.remove(service)
                starting[service.name] = service
            self._await_one(starting)

    def _refuse_taken(self, chosen: Sequence[Service]) -> None:
        alive = running.running(self.settings)
        if twice := [alive[service.name] for service in chosen if service.name in alive]:
            named = ", ".join(f"{process.name} (process {process.pid})" for process in twice)
            raise StackError(
                f"already running from {self.settings.state}: {named}. Stop with `xray down` first"
            )
        for service in chosen:
            if service.port is None or readiness.is_free(self.settings.host, service.port):
                continue
            raise StackError(
                f"port {service.port} of {service.title} is taken by another program: stop it, or "
                f"choose another port with {variable(service.port_setting)}=<port>"
            )

    def _launch(self, service: Service, environment: dict[str, str]) -> None:
        self._progress(f"starting {service.title}")
        process, child = processes.start_process(
            service.name,
            service.command,
            environment=environment,
            log=self.settings.state / "logs" / f"{service.name}.log",
            url=service.url,
            port=service.port,
        )
        self._running[service.name], self._children[service.name] = process, child
        processes.remember(process, self._folder)

    def _await_one(self, starting: dict[str, Service]) -> None:
        """Return when at least one of the starting services is ready, and drop it."""
        before = len(starting)
        while len(starting) == before:
            self.check()
            for service in list(starting.values()):
                if self._is_ready(service):
                    where = f" at {service.url}" if service.url else ""
                    self._progress(f"{service.title} is ready{where}")
                    del starting[service.name]
            time.sleep(processes.POLL_SECONDS)

    def _is_ready(self, service: Service) -> bool:
        process = self._running[service.name]
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
