"""A log that is locked by another process, or on a disk that became read-only: a quick, clear 503,
then recovery by itself.
"""

import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


def seconds_of(ask: Callable[[], httpx.Response]) -> float:
    """The shortest of five answers: who waits does so each time, a busy machine delays some."""

    def once() -> float:
        started = time.monotonic()
        assert ask().status_code in (200, 503)
        return time.monotonic() - started

    return min(once() for _ in range(5))


def health(server: Server) -> httpx.Response:
    return httpx.get(f"{server.url}/health", timeout=30)


def await_health(server: Server) -> None:
    deadline = time.monotonic() + 60
    while health(server).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_logged(server: Server, answers: list[httpx.Response]) -> None:
    """One row an acknowledged request, and no other."""
    told = [a.headers["databricks-request-id"] for a in answers if a.status_code == 200]
    assert sorted(row["request_id"] for row in server.rows()) == sorted(told)


def test_a_lock_that_another_process_holds_is_a_clear_503_and_soon_one_without_a_wait(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    answers = [server.invoke(BODY)]
    with locked(server):
        with ThreadPoolExecutor(4) as clients:
            asked = [clients.submit(server.invoke, BODY) for _ in range(4)]
            health_seconds = seconds_of(lambda: health(server))
        refused = [one.result() for one in asked] + [server.invoke(BODY)]
        unwell = health(server)
        in_known_trouble = seconds_of(lambda: server.invoke(BODY))
    assert health_seconds < PATIENCE_SECONDS / 2  # nobody else waits for the lock
    assert in_known_trouble < PATIENCE_SECONDS / 2
    assert [answer.status_code for answer in refused] == [503] * 5
    for answer in (refused[-1], unwell):
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
