"""One worker: uvicorn around the application, and a stop that cuts no request."""

import asyncio
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType

import uvicorn

from xray_assets.serving.application import Application
from xray_assets.serving.http_protocol import BoundedHttpProtocol
from xray_assets.serving.journal import HttpServerEvents, Journal
from xray_assets.settings import Settings

_DRAIN_SECONDS = 0.3
"""Connections that are in use get their closing answer in this time before idle ones are cut."""
_LAST_REQUEST_SECONDS = 0.1
_GRACE_SECONDS = 30


def run_worker(settings: Settings, listener: socket.socket, journal: Journal) -> None:
    """Serve on an open socket in this process."""
    application = Application(settings, journal)
    server_log = logging.getLogger("uvicorn")
    server_log.handlers, server_log.propagate = [HttpServerEvents(journal)], False
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
    _Worker(config, application).run(sockets=[listener])


class _Worker(uvicorn.Server):
    """uvicorn, with the application's start and stop around it, and a drain before connections are
    cut.
    """

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application
        application.requests = self.server_state.tasks
        self._draining = False

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

    def _exit(self) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer what the kernel has already accepted for us, then let uvicorn close.

        Closing a listening socket resets the connections in its queue, so they are taken out of it
        first, and get time to send their request.
        """
        queues = [listener.dup() for listener in sockets or []]
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        loop = asyncio.get_running_loop()
        for queue in queues:
            taken = list(_accepted(queue))
            queue.close()
            for connection in taken:
                await loop.connect_accepted_socket(self._protocol, connection)
        await asyncio.sleep(_LAST_REQUEST_SECONDS)
        await super().shutdown(sockets)

    def _protocol(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state={})  # type: ignore[call-arg,return-value]


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    """The connections in the queue of a listening socket that does not block."""
    with suppress(BlockingIOError):
        while True:
            yield listener.accept()[0]


def ignore_interrupts() -> None:
    """In workers: the terminal's Ctrl-C reaches the supervisor, which stops them one way only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
