"""Serve an ASGI application on an address, with the bounds of `http_protocol`, until a signal.

The endpoint has a server of its own (`serving/process`): workers, drain, shared sockets.
"""

import errno
import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import uvicorn

from xray_assets.errors import XrayError
from xray_assets.web.http_protocol import BoundedHttpProtocol

_BACKLOG = 256
_FREED_SECONDS = 2.0
"""How long the processes of a killed server may hold its port."""


class AddressTaken(XrayError, OSError):
    """Something else listens there; the message says what to do."""


def serve(
    application: Any,
    title: str,
    *,
    host: str,
    port: int,
    setting: str,
    ws: Literal["none", "auto"] = "none",
) -> None:
    """Serve until SIGTERM or SIGINT; port 0 takes any free one, the log names it.

    Raises AddressTaken, which names `setting`, the variable of the port.
    """
    config = uvicorn.Config(
        application,
        http=BoundedHttpProtocol,
        ws=ws,
        ws_max_size=1024 * 1024,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    with listening(host, port, setting) as listener:
        address = listener.getsockname()[:2]
        logging.getLogger("uvicorn.error").info("%s on http://%s:%d", title, *address)
        uvicorn.Server(config).run([listener])


@contextmanager
def listening(host: str, port: int, setting: str) -> Iterator[socket.socket]:
    """A listening socket. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listener, host, port)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise AddressTaken(
                f"port {port} on {host} cannot be used ({error.strerror}): stop what listens "
                f"there, or choose another with {setting}"
            ) from error
        listener.setblocking(False)
        yield listener


def _bind(listener: socket.socket, host: str, port: int) -> None:
    deadline = time.monotonic() + _FREED_SECONDS
    while True:
        try:
            return listener.bind((host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
        time.sleep(0.1)
