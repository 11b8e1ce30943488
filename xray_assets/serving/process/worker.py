"""One worker: uvicorn around the application, and a stop that cuts no request."""

import asyncio
import logging
import signal
import socket
import threading
from types import FrameType

import uvicorn

from xray_assets.serving.process.acceptor import Acceptor
from xray_assets.serving.process.application import Application
from xray_assets.serving.process.freed_memory import return_large_blocks
from xray_assets.serving.process.server_log import HttpServerEvents, ServerLog
from xray_assets.settings import Settings
from xray_assets.web.http_protocol import BoundedHttpProtocol

_DRAIN_SECONDS = 0.3
"""Connections that are in use get their closing answer in this time before idle ones are cut."""
_LAST_REQUEST_SECONDS = 0.1
_GRACE_SECONDS = 30


def run_worker(
    settings: Settings,
    listener: socket.socket,
    server_log: ServerLog,
    *,
    lifeline: int | None = None,
) -> None:
    """Serve on an open socket in this process, until a signal, or until the pipe `lifeline` ends:
    then the supervisor was killed, and a worker that went on would hold its port.
    """
    return_large_blocks()
    application = Application(settings, server_log)
    uvicorn_log = logging.getLogger("uvicorn")
    uvicorn_log.handlers, uvicorn_log.propagate = [HttpServerEvents(server_log)], False
    config = uvicorn.Config(
        application,  # type: ignore[arg-type]
        loop="uvloop",
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    _Worker(config, application, workers=settings.endpoint_workers, lifeline=lifeline).run(
        sockets=[listener]
    )


class _Worker(uvicorn.Server):
    """uvicorn, with the application's start and stop around it, and a drain before connections are
    cut.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        *,
        workers: int,
        lifeline: int | None,
    ) -> None:
        super().__init__(config)
        self._workers, self._lifeline = workers, lifeline
        self._application = application
        application.requests = self.server_state.tasks
        self._draining = False
        self._acceptors: list[Acceptor] = []

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._application.start()
        try:
            await super().serve(sockets)
        finally:
            await self._application.stop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain, then let uvicorn close; a second signal closes at once. The exit code stays 0."""
        if self._draining:
            self.should_exit = self.force_exit = True
            return
        self._draining = True
        self._application.drain()
        threading.Timer(_DRAIN_SECONDS, self._exit).start()

    def _orphaned(self, lifeline: int) -> None:
        asyncio.get_running_loop().remove_reader(lifeline)
        self.handle_exit(signal.SIGTERM, None)

    def _exit(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        if self._lifeline is not None:
            loop = asyncio.get_running_loop()
            loop.add_reader(self._lifeline, self._orphaned, self._lifeline)
        self._acceptors = [
            Acceptor(listener, self._protocol, self._has_company) for listener in sockets or []
        ]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take the connections that wait in the queue, give them time to send their request, then
        let uvicorn close.
        """
        for acceptor in self._acceptors:
            await acceptor.close()
        await asyncio.sleep(_LAST_REQUEST_SECONDS)
        await super().shutdown(sockets)

    def _has_company(self) -> bool:
        """True when this worker has connections and is not the only worker."""
        return self._workers > 1 and bool(self.server_state.connections)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state={})  # type: ignore[call-arg,return-value]


def ignore_interrupts() -> None:
    """In workers: the terminal's Ctrl-C reaches the supervisor, which stops them one way only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
