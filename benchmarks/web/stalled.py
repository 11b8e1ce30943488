"""200 stalled connections at each server: `python -m benchmarks.web.stalled`.

A quarter each sends nothing, half a head, a head and 1 MB of a body without a token, the same with
one. Shown: memory over idle while they stall and 60 s after, connections that the server still
holds then, and the time of a plain request beside them.
"""

import socket
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import httpx

from benchmarks.web.servers import COMMANDS, TOKEN, Server, running

CONNECTIONS = 200
SECONDS = 60
BODY = b"x" * (1 << 20)
PATHS = {
    "endpoint": "/serving-endpoints/pneumonia-poc-classifier/invocations",
    "feedback": "/feedback",
    "room": "/login",
    "dagster": "/graphql",
    "mlflow": "/ajax-api/2.0/mlflow/runs/search",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as servers:
        for server in servers:
            httpx.get(server.url + COMMANDS[server.name][2])
        idle = {server.name: server.megabytes() for server in servers}
        stalled = {server.name: _stall(server) for server in servers}
        time.sleep(5)
        seconds = {server.name: _seconds(server) for server in servers}
        during = {server.name: server.megabytes() - idle[server.name] for server in servers}
        time.sleep(SECONDS)
        print("server     idle MB  stalled +MB  60 s later +MB  still open  request beside, s")
        for server in servers:
            name = server.name
            after = server.megabytes() - idle[name]
            still_open = sum(map(_is_open, stalled[name]))
            print(
                f"{name:9}{idle[name]:9.0f}{during[name]:13.1f}{after:16.1f}"
                f"{still_open:12}{seconds[name]:19.3f}"
            )


def _stall(server: Server) -> list[socket.socket]:
    head = f"POST {PATHS[server.name]} HTTP/1.1\r\nHost: localhost\r\n".encode()
    rest = b"Content-Type: application/json\r\nContent-Length: 2000000\r\n"
    key = f"Authorization: Bearer {TOKEN}\r\n".encode()
    kinds = (b"", head, head + rest + b"\r\n" + BODY, head + rest + key + b"\r\n" + BODY)
    return [_connect(server, kinds[number % 4]) for number in range(CONNECTIONS)]


def _connect(server: Server, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port))
    connection.settimeout(0.05)
    with suppress(OSError):  # a full buffer, or refused already
        connection.sendall(sent)
    return connection


def _is_open(connection: socket.socket) -> bool:
    connection.settimeout(0.2)
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return True
    except OSError:
        pass
    return False


def _seconds(server: Server) -> float:
    started = time.perf_counter()
    httpx.get(server.url + COMMANDS[server.name][2], timeout=60)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
