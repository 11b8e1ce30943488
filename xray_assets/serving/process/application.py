"""One worker's application: builds its parts and sends each request to the hot path or to the
control plane.
"""

import asyncio
import sqlite3
from collections.abc import Sized

from xray_assets.serving.control.application import (
    CONTROL_BODY_BYTES,
    OPEN_PATHS,
    control_application,
)
from xray_assets.serving.control.config_store import ConfigStore
from xray_assets.serving.control.config_updates import ConfigUpdates
from xray_assets.serving.control.metrics import Metrics
from xray_assets.serving.control.operations import Operations
from xray_assets.serving.control.routes import control_routes
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.hot_path.invocations import Invocations
from xray_assets.serving.log.retention import purge
from xray_assets.serving.log.traffic import Traffic
from xray_assets.serving.log.writer import LogWriter
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.serving.process.worker_statuses import WorkerStatuses
from xray_assets.settings import Settings
from xray_assets.web.accounts import Accounts
from xray_assets.web.bounds import Bounds
from xray_assets.web.gate import Gate
from xray_assets.web.http_answers import Message, Receive, Scope, Send, answer_refusal
from xray_assets.web.origin import allowed_hosts, refusal
from xray_assets.web.refusals import MethodNotAllowed

LOG_FILE = "log.sqlite"
_PREFIX, _SUFFIX = "/serving-endpoints/", "/invocations"
_TICK_SECONDS = 1.0
_PURGE_SECONDS = 3600.0


class Application:
    """The ASGI callable of one worker."""

    def __init__(self, settings: Settings, server_log: ServerLog) -> None:
        """Open the log and read the secrets; models are loaded by `start`, on the running loop."""
        folder = settings.endpoint_folder
        folder.mkdir(parents=True, exist_ok=True)
        self.requests: Sized = ()
        """Requests that have arrived, begun or not; the HTTP server's own set once it runs."""
        self._settings = settings
        self._hosts = allowed_hosts(settings)
        self._server_log = server_log
        self._log_path = folder / LOG_FILE
        self._workers = WorkerStatuses(folder)
        accounts = Accounts(settings)
        metrics = Metrics()
        store = ConfigStore(folder)
        self._updates = ConfigUpdates(
            settings, store=store, workers=self._workers, server_log=server_log
        )
        self._log = LogWriter(
            self._log_path,
            synchronous=settings.log_synchronous,
            case_keys=CaseKeys(folder),
            counted=settings.catalog.counted_purpose,
            on_change=lambda problem: server_log.event(
                "log_failed" if problem else "log_works", problem=problem
            ),
        )
        self._operations = Operations(
            updates=self._updates,
            log=self._log,
            metrics=metrics,
            workers=self._workers,
            traffic=Traffic(self._log_path, counted=settings.catalog.counted_purpose),
        )
        self._invocations = Invocations(
            settings,
            accounts=accounts,
            live=self._updates.live,
            not_ready=self._updates.not_ready,
            without_config=self._updates.without_config,
            log=self._log,
            metrics=metrics,
            server_log=server_log,
            waiting=lambda: len(self.requests),
        )
        self._control = Gate(
            control_application(
                control_routes(store=store, updates=self._updates),
                self._operations.routes(),
                server_log,
            ),
            hosts=self._hosts,
            bounds=Bounds(body_bytes=CONTROL_BODY_BYTES),
            accounts=accounts,
            open_paths=OPEN_PATHS,
        )
        self._housekeeping: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Load the last good config and begin the housekeeping."""
        self._updates.on_status = self._publish
        await self._updates.start()
        self._publish()
        self._housekeeping.append(asyncio.create_task(self._tick()))
        if self._settings.log_retention_days > 0:
            self._housekeeping.append(asyncio.create_task(self._purge()))

    def drain(self) -> None:
        """From now on every answer closes its connection and /health says so."""
        self._operations.stopping = True

    async def stop(self) -> None:
        """After the last request: write what is queued and close the log."""
        for task in self._housekeeping:
            task.cancel()
        await self._updates.stop()
        await asyncio.to_thread(self._log.close)
        self._workers.leave()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.close", "code": 1003})
            return
        if self._operations.stopping:
            send = _closing(send)
        if refused := refusal(dict(scope["headers"]), self._hosts, scope["method"]):
            await answer_refusal(send, refused, close=True)
            return
        path: str = scope["path"]
        if path.startswith(_PREFIX) and path.endswith(_SUFFIX):
            if scope["method"] != "POST":
                await answer_refusal(send, MethodNotAllowed("send invocations with POST"))
                return
            await self._invocations(scope, receive, send, path[len(_PREFIX) : -len(_SUFFIX)])
            return
        await self._control(scope, receive, send)

    def _publish(self) -> None:
        self._workers.publish(self._operations.status())

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            self._publish()
            self._log.probe()

    async def _purge(self) -> None:
        """Retention, every hour; a log in trouble is left alone until the next."""
        while True:
            try:
                purged = await asyncio.to_thread(
                    purge, self._log_path, days=self._settings.log_retention_days
                )
                if purged.rows or purged.images:
                    self._server_log.event("purged", rows=purged.rows, images=purged.images)
            except (sqlite3.Error, OSError) as error:
                self._server_log.event("purge_failed", problem=str(error))
            await asyncio.sleep(_PURGE_SECONDS)


def _closing(send: Send) -> Send:
    async def send_and_close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await send(message)

    return send_and_close
