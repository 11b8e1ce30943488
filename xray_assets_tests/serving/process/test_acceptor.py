"""How connections are taken: shared fairly by workers, and without spinning where no file
descriptor is left.
"""

import os
import resource
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from xray_assets_tests.serving.server_process import Server

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def open_connections(server: Server, number: int) -> list[socket.socket]:
    """All at once: none waits for the one before it."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    connections = [socket.socket() for _ in range(number)]
    for connection in connections:
        connection.setblocking(False)
        connection.connect_ex((host, int(port)))
    for connection in connections:
        connection.settimeout(60)
    return connections


def answered(connection: socket.socket) -> bool:
    connection.sendall(REQUEST)
    return connection.recv(12) == b"HTTP/1.1 200"


def descriptors(pid: int) -> list[str]:
    """What a process holds open."""
    links = []
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            links.append(str(descriptor.readlink()))
    return links


def sockets(pid: int) -> int:
    return sum(link.startswith("socket:") for link in descriptors(pid))


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def test_connections_that_are_opened_together_are_shared_by_both_workers(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(XRAY_ENDPOINT_WORKERS="2")
    folder = server.state / "endpoint" / "workers"
    deadline = time.monotonic() + 60
    while len(pids := [int(path.stem) for path in Path(folder).glob("*.json")]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    smaller_shares = [0]
    while max(smaller_shares) < 8:  # on a busy machine a worker may wake too late for a burst
        assert len(smaller_shares) < 50, smaller_shares
        before = [sockets(pid) for pid in pids]
        connections = open_connections(server, 24)
        assert all(answered(connection) for connection in connections)
        smaller_shares.append(min(sockets(pid) - n for pid, n in zip(pids, before, strict=True)))
        for connection in connections:
            connection.close()
        time.sleep(0.2)


def test_without_a_free_file_descriptor_connections_wait_and_nothing_spins(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
    limit = len(descriptors(server.pid)) + 2
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    connections = open_connections(server, 10)
    time.sleep(0.3)
    cpu = cpu_seconds(server.pid)
    time.sleep(1)
    assert cpu_seconds(server.pid) - cpu < 0.5
    resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)
    assert all(answered(connection) for connection in connections)
    for connection in connections:
        connection.close()
