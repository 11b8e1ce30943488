"""Servers for the tests of the endpoint: shared ones where that does no harm (a start costs a
second of CPU), own ones where a test kills or starves the process.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from xray_assets_tests.serving.server_process import ENDPOINT, Server, ab_config, artifacts


@pytest.fixture(scope="package")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Champion and challenger at 50 percent under ENDPOINT; tests do not change that endpoint.

    Other endpoints come and go (`make_endpoint`). A slow challenger has 10 ms.
    """
    options = {"XRAY_CHALLENGER_DEADLINE_MS": "10"}
    server = Server(tmp_path_factory.mktemp("shared") / "state", options)
    server.digests = artifacts(server.state)
    server.start()
    server.create(ab_config(*server.digests))
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.stderr.read_text()


_names = (f"other-{number}" for number in itertools.count())


@pytest.fixture
def make_endpoint(shared_server: Server) -> Iterator[Callable[[dict[str, Any]], str]]:
    """Creates endpoints of this test's own on the shared server; returns their names."""
    made: list[str] = []

    def make(config: dict[str, Any]) -> str:
        made.append(next(_names))
        document = shared_server.create(config, made[-1])
        assert document["state"]["config_update"] == "NOT_UPDATING", document
        return made[-1]

    yield make
    with shared_server.client() as client:
        for name in made:
            client.delete(f"/api/2.0/serving-endpoints/{name}")


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers of this test's own, with an endpoint; options are settings (`XRAY_...`)."""
    started: list[Server] = []

    def make(*, endpoint: bool = True, code: str = "", **options: str) -> Server:
        server = Server(tmp_path / f"state{len(started)}", options)
        server.program = ("-c", code) if code else server.program
        started.append(server)
        server.digests = artifacts(server.state)
        server.start()
        if endpoint:
            server.create(ab_config(*server.digests), ENDPOINT)
        return server

    yield make
    for server in started:
        if server.process is not None and server.process.poll() is None:
            server.kill()
