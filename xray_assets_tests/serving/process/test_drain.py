"""Requests that are in flight, or come on an open connection, when a config changes or the server
stops: each is answered.
"""

import http.client
import itertools
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from xray_assets_tests.serving.networks import slow_network, write_artifact
from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    Server,
    film_base64,
    served_entity,
)

BODY = json.dumps({"inputs": [film_base64(1, 40)]}).encode()
DRAINING_LONG = """
import sys
from xray_assets.serving.__main__ import main
from xray_assets.serving.process import worker
worker._DRAIN_SECONDS = 3
sys.exit(main([]))
"""
"""The server with a drain that clients on a busy machine are not late for."""


class Client:
    """One connection, whose request can be sent in two halves."""

    def __init__(self, server: Server) -> None:
        address = urlsplit(server.url)
        assert address.hostname is not None
        self._connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self._token = server.token

    def send_half(self) -> None:
        self._connection.putrequest("POST", f"/serving-endpoints/{ENDPOINT}/invocations")
        self._connection.putheader("Authorization", f"Bearer {self._token}")
        self._connection.putheader("Content-Type", "application/json")
        self._connection.putheader("Content-Length", str(len(BODY)))
        self._connection.endheaders()
        self._connection.send(BODY[:100])

    def send_rest(self) -> http.client.HTTPResponse:
        self._connection.send(BODY[100:])
        answer = self._connection.getresponse()
        answer.read()
        return answer

    def invoke(self) -> http.client.HTTPResponse:
        self.send_half()
        return self.send_rest()


def one_model(version: int, digest: str) -> dict[str, object]:
    return {"served_entities": [served_entity(version, "champion", digest)]}


def test_a_request_that_began_before_a_config_change_is_answered_by_the_config_it_began_with(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(endpoint=False)
    slow = write_artifact(server.state / "artifacts", slow_network(side=1000, layers=20))
    server.create(one_model(1, slow.sha256))
    assert server.model_info()["models"][0]["film_ms"] > 5  # it runs on a thread of its own
    client = Client(server)
    client.send_half()
    server.invoke({"inputs": [film_base64(2, 40)]})  # the half request has surely arrived
    document = server.update(one_model(2, server.digests[0]))
    assert document["config"]["config_version"] == 2
    time.sleep(0.3)
    answer = client.send_rest()
    assert answer.status == 200
    assert answer.headers["served-model-name"] == "film_mean-1"
    assert [row["config_version"] for row in server.rows()] == [1, 1]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_that_is_half_sent_at_a_stop_is_answered(
    make_server: Callable[..., Server], workers: str
) -> None:
    server = make_server(XRAY_ENDPOINT_WORKERS=workers)
    client = Client(server)
    assert client.invoke().status == 200  # the connection has surely arrived
    client.send_half()
    assert server.process is not None
    server.process.terminate()
    time.sleep(1.0)  # longer than the drain: the request itself is waited for
    assert client.send_rest().status == 200
    assert server.stop() == 0
    assert len(server.rows()) == 2


def test_an_open_connection_is_served_during_the_drain_and_told_that_it_closes(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(code=DRAINING_LONG)
    clients = [Client(server) for _ in range(4)]
    assert [client.invoke().status for client in clients] == [200] * 4
    assert server.process is not None
    server.process.terminate()
    answers = 4 + sum(answers_until_the_last(client) for client in clients)
    assert server.stop() == 0
    assert len(server.rows()) == answers


def answers_until_the_last(client: Client) -> int:
    """How many requests were answered, the last with the word that the connection closes."""
    for number in itertools.count(1):
        answer = client.invoke()
        assert answer.status == 200
        if answer.headers["connection"] == "close":
            return number
    raise AssertionError
