"""A log that is locked by another process, or on a disk that became read-only: a quick, clear 503,
then recovery by itself.
"""

import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from xray_assets.serving.log.writer import PATIENCE_SECONDS
from xray_assets_tests.serving.server_process import Server, ab_config, film_base64

BODY = {"inputs": [film_base64(1, 40)]}


@contextmanager
def locked(server: Server) -> Iterator[None]:
    """The log's write lock, held by another process than the server's."""
    other = sqlite3.connect(server.state / "endpoint" / "log.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Every write below the folder refused by the file system, for root and open files too.

    The log's -shm file is left out: it is mapped memory, and a page of an immutable file that is
    written to kills the process (SIGBUS), which no program can turn into an answer.
    """
    names = [str(path) for path in (folder, *folder.rglob("*")) if path.suffix != ".sqlite-shm"]
    made = subprocess.run(["chattr", "+i", *names], capture_output=True, check=False)
    try:
        if made.returncode != 0:
            pytest.skip(f"this file system has no immutable files: {made.stderr.decode()}")
        yield
    finally:
        subprocess.run(["chattr", "-i", *names], capture_output=True, check=False)


def timed(ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    answer = ask()
    return answer, time.monotonic() - started


def health(server: Server) -> httpx.Response:
    return httpx.get(f"{server.url}/health", timeout=30)


def await_health(server: Server) -> None:
    deadline = time.monotonic() + 20
    while health(server).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_logged(server: Server, answers: list[httpx.Response]) -> None:
    """One row an acknowledged request, and no other."""
    told = [a.headers["databricks-request-id"] for a in answers if a.status_code == 200]
    assert sorted(row["request_id"] for row in server.rows()) == sorted(told)


def test_a_lock_that_another_process_holds_is_a_clear_503_within_two_seconds(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    answers = [server.invoke(BODY)]
    with locked(server):
        outcomes: list[tuple[httpx.Response, float]] = []

        def ask() -> None:
            outcomes.append(timed(lambda: server.invoke(BODY)))

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        time.sleep(0.3)
        _, health_seconds = timed(lambda: health(server))
        for client in clients:
            client.join()
        outcomes.append(timed(lambda: server.invoke(BODY)))
        unwell = health(server)
    assert health_seconds < 0.5  # nobody else waits for the lock
    assert [answer.status_code for answer, _ in outcomes] == [503] * 5
    assert max(seconds for _, seconds in outcomes) < PATIENCE_SECONDS + 1
    assert outcomes[-1][1] < 0.5  # in known trouble nobody waits
    for answer in (outcomes[-1][0], unwell):
        assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert "another process holds its write lock" in answer.json()["message"]
    await_health(server)
    answers.append(server.invoke(BODY))
    assert answers[-1].status_code == 200
    assert_logged(server, answers)


def test_a_lock_that_is_held_for_a_moment_only_delays(make_server: Callable[..., Server]) -> None:
    server = make_server()
    answers = [server.invoke(BODY)]
    with locked(server):
        client = threading.Thread(target=lambda: answers.append(server.invoke(BODY)))
        client.start()
        time.sleep(0.3)
        assert len(answers) == 1
    client.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert_logged(server, answers)


def test_a_disk_that_became_read_only_is_a_clear_503_until_it_is_writable(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    answers = [server.invoke(BODY)]
    with read_only(server.state / "endpoint"):
        refused = [server.invoke(BODY) for _ in range(3)]
        unwell = health(server)
        with server.client() as client:
            changed = client.put(
                "/api/2.0/serving-endpoints/film-mean/config",
                json=ab_config(*server.digests, share=90),
            )
        time.sleep(1.5)  # a publishing and a probe fail too
    for answer in (*refused, unwell, changed):
        assert answer.status_code == 503
        assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        assert "cannot be written" in answer.json()["message"]
    await_health(server)
    answers.append(server.invoke(BODY))
    assert answers[-1].status_code == 200
    assert server.update(ab_config(*server.digests, share=90))["config"]["config_version"] == 2
    assert_logged(server, answers)
    assert server.stop() == 0
