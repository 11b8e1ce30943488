"""What a request costs before and after its token, on a real server with small bounds.

With the real ones and every server of the house: `python -m benchmarks.web.stalled`.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from xray_assets.settings import Settings
from xray_assets.web import http_protocol
from xray_assets.web.accounts import Accounts
from xray_assets.web.bounds import Bounds
from xray_assets.web.gate import Gate
from xray_assets.web.origin import allowed_hosts
from xray_assets.web.server import AddressTaken, listening

KEY = "Authorization: Bearer operator\r\n"
TOO_SLOW = b"HTTP/1.1 408"
REACHED: list[bytes] = []


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Echoes the length of the body; /much answers 64 MB."""
    if scope["type"] != "http":
        return
    REACHED.append(body := (await receive())["body"])
    content = b"x" * (64 << 20) if scope["path"] == "/much" else str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": content})


class Running:
    """The application behind a gate on a free port; closes with the test."""

    def __init__(self, settings: Settings) -> None:
        gate = Gate(
            application,
            hosts=allowed_hosts(settings),
            bounds=Bounds(body_bytes=1000, requests=3, bytes_in_work=1500),
            accounts=Accounts(settings),
            open_paths=frozenset({"/open", "/much"}),
        )
        config = uvicorn.Config(
            gate,  # type: ignore[arg-type]
            http=http_protocol.BoundedHttpProtocol,
            ws="none",
            lifespan="off",
            log_level="error",
        )
        self.server = uvicorn.Server(config)
        self.stack = ExitStack()
        self.listener = self.stack.enter_context(listening("127.0.0.1", 0, "XRAY_X_PORT"))
        self.thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self.thread.start()

    def connect(self) -> socket.socket:
        return self.stack.enter_context(
            socket.create_connection(self.listener.getsockname(), timeout=120)
        )

    def send(self, head: str, body: bytes = b"") -> socket.socket:
        """A new connection with a request on it."""
        connection = self.connect()
        connection.sendall(f"{head}Host: localhost\r\n\r\n".encode() + body)
        return connection

    def stop(self) -> None:
        self.server.should_exit = True
        self.stack.close()
        self.thread.join(120)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Running]:
    REACHED.clear()
    running = Running(Settings(state=tmp_path, token="operator", client_tokens="client"))
    yield running
    running.stop()


def rest(connection: socket.socket) -> bytes:
    """Everything until the server closes; fails after 120 s."""
    found = b""
    try:
        while chunk := connection.recv(1 << 20):
            found += chunk
    except ConnectionResetError:
        pass
    return found


def post(length: int, path: str = "/", key: str = KEY) -> str:
    return f"POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n{key}"


def test_without_a_token_no_body_is_waited_for(server: Running) -> None:
    stalled = [server.send(post(900, key=""), b"x") for _ in range(40)]
    for connection in stalled:
        assert rest(connection).startswith(b"HTTP/1.1 401")
    assert REACHED == []


def test_a_body_over_the_bound_is_refused(server: Running) -> None:
    answer = rest(server.send(post(1001), b"x" * 1001))
    assert answer.startswith(b"HTTP/1.1 413") and REACHED == []
    assert b" 200 " in server.send(post(1000), b"x" * 1000).recv(1000)


def test_requests_and_bytes_in_work_are_bounded_and_given_back(server: Running) -> None:
    first = server.send(post(900), b"x" * 899)
    await_true(lambda: server.server.server_state.tasks)
    assert rest(server.send(post(900), b"x" * 899)).startswith(b"HTTP/1.1 429")  # bytes
    others = [server.send(post(10), b"x") for _ in range(2)]
    await_true(lambda: len(server.server.server_state.tasks) == 3)
    assert rest(server.send(post(10), b"x" * 10)).startswith(b"HTTP/1.1 429")  # requests
    for connection in (first, *others):
        connection.close()
    await_true(lambda: b" 200 " in server.send(post(900), b"x" * 900).recv(1000))


def test_what_is_slow_is_cut_off(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECONDS", 0.2)
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.2)
    assert rest(server.connect()) == b""  # nothing sent

    def cut_off(begun: str) -> bytes:
        connection = server.connect()
        with suppress(OSError):  # a busy machine may be too late for the beginning too
            connection.sendall(begun.encode())
        return rest(connection)

    await_true(lambda: cut_off("POST / HTTP/1.1\r\nHost: loc").startswith(TOO_SLOW))
    await_true(lambda: cut_off(f"{post(900)}Host: localhost\r\n\r\nx").startswith(TOO_SLOW))
    assert REACHED == []


def test_a_client_that_drips_is_cut_off(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "BODY_SECONDS", 0.5)
    connection = server.send(post(900), b"x")
    dripped = 0
    try:
        while dripped < 899:
            dripped += connection.send(b"x")
            time.sleep(0.05)
    except OSError:
        pass
    assert dripped < 899 and REACHED == []


def test_an_endless_head_is_cut_off(server: Running) -> None:
    connection, sent = server.connect(), 0
    connection.sendall(b"GET / HTTP/1.1\r\nX: ")
    try:
        while sent < 64 << 20:
            sent += connection.send(b"x" * 65536)
    except OSError:
        pass
    assert sent < 64 << 20


def test_an_answer_that_is_not_read_is_given_up(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "WRITE_SECONDS", 0.2)
    server.send("GET /much HTTP/1.1\r\n")
    await_true(lambda: REACHED)
    await_true(lambda: not server.server.server_state.connections)


def test_connections_are_bounded(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "CONNECTIONS", 5)
    held = [server.connect() for _ in range(5)]
    await_true(lambda: len(server.server.server_state.connections) == 5)
    assert rest(server.connect()) == b""
    held.pop().close()
    await_true(lambda: b" 200 " in rest(server.send("GET /open HTTP/1.0\r\n")))


def test_a_connection_serves_one_request_after_another(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = server.connect()
    for size in (0, 10, 900):
        connection.sendall(f"{post(size)}Host: localhost\r\n\r\n".encode() + b"x" * size)
        answer = b""
        while not answer.endswith(b"0\r\n\r\n"):  # chunked
            answer += connection.recv(1000)
        assert b" 200 " in answer and f"\r\n{size}\r\n".encode() in answer


def test_a_taken_port_names_its_variable(server: Running) -> None:
    port = server.listener.getsockname()[1]
    with (
        pytest.raises(AddressTaken, match="XRAY_Y_PORT"),
        listening("127.0.0.1", port, "XRAY_Y_PORT"),
    ):
        pass


def await_true(question: Any) -> None:
    deadline = time.monotonic() + 60
    while not question():
        assert time.monotonic() < deadline
        time.sleep(0.01)
