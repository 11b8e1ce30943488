"""The server: its socket, its lock on the state folder, its workers. How one worker serves is
`worker`'s.
"""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xray_assets.errors import XrayError
from xray_assets.serving.control.config_store import ConfigStore, ConfigStoreError, EditedConfig
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.serving.process.supervisor import supervise
from xray_assets.serving.process.worker_statuses import WorkerStatuses, clear_worker_statuses
from xray_assets.settings import Settings
from xray_assets.storage.atomic import replace_file
from xray_assets.web.accounts import Accounts

ADDRESS_FILE = "address.json"
_BACKLOG = 2048
_DRAINED_SECONDS = 2.0
_LONGEST_DRAIN_SECONDS = 40.0
"""Longer than a worker takes to finish its requests."""


class ServerError(XrayError):
    """The server cannot start; the message says what to do."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT: then finish the requests in work, close the log and return.

    Port 0 takes a free port; `<state>/endpoint/address.json` says which. Raises ServerError when
    the port is taken or when another server uses this state folder.
    """
    server_log = ServerLog()
    folder = settings.endpoint_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        Accounts(settings)
        CaseKeys(folder)
    except OSError as error:
        raise ServerError(f"the state folder {settings.state} cannot be used: {error}") from error
    try:
        ConfigStore(folder).read()
    except EditedConfig as error:
        raise ServerError(str(error)) from error
    except ConfigStoreError:
        pass  # a damaged file: /health says so, and the server can be asked
    with _only_server(folder), _listening(settings, folder) as listener:
        clear_worker_statuses(folder)
        host, port = listener.getsockname()[:2]
        address = {"host": host, "port": port, "pid": os.getpid(), "url": f"http://{host}:{port}"}
        replace_file(folder / ADDRESS_FILE, json.dumps(address), durable=False)
        server_log.event(
            "listening", host=host, port=port, pid=os.getpid(), workers=settings.endpoint_workers
        )
        if settings.endpoint_workers == 1:
            from xray_assets.serving.process.worker import run_worker  # a supervisor stays small

            run_worker(settings, listener, server_log)
        else:
            supervise(
                listener,
                workers=settings.endpoint_workers,
                settings=settings,
                server_log=server_log,
            )
        with suppress(
            OSError
        ):  # on a disk that became read-only it stays, and names a dead process
            (folder / ADDRESS_FILE).unlink(missing_ok=True)
        server_log.event("stopped", pid=os.getpid())


@contextmanager
def _listening(settings: Settings, folder: Path) -> Iterator[socket.socket]:
    host, port = settings.host, settings.endpoint_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listener, host, port, workers=WorkerStatuses(folder))
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ServerError(
                f"port {port} on {host} cannot be used ({error.strerror}): stop what listens "
                "there, or choose another with XRAY_ENDPOINT_PORT"
            ) from error
        listener.setblocking(False)
        yield listener


def _bind(listener: socket.socket, host: str, port: int, *, workers: WorkerStatuses) -> None:
    """Bind; workers of a killed server hold its port for as long as they drain."""
    started = time.monotonic()
    while True:
        try:
            return listener.bind((host, port))
        except OSError as error:
            waited = time.monotonic() - started
            drained = waited > _DRAINED_SECONDS and not workers.others()
            if error.errno != errno.EADDRINUSE or drained or waited > _LONGEST_DRAIN_SECONDS:
                raise
        time.sleep(0.1)


@contextmanager
def _only_server(folder: Path) -> Iterator[None]:
    with (folder / "server.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServerError(
                f"another endpoint serves {folder}: stop it first, or choose another XRAY_STATE"
            ) from None
        yield
