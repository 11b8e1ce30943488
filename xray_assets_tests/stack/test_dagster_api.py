"""Launching through Dagster's API: what is sent, and what a refusal says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from xray_assets.definitions import LOCATION, REPOSITORY
from xray_assets.demo.orchestrator import Orchestrator
from xray_assets.stack import dagster_api, readiness
from xray_assets.stack.dagster_api import DagsterRefused
from xray_assets_tests.stack.free_ports import free_ports

LAUNCHED = {"__typename": "LaunchRunSuccess", "run": {"runId": "r1"}}


@contextmanager
def dagster_that_answers(answer: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(URL, bodies of the questions) of a stand-in that gives every question the same answer."""
    asked: list[dict[str, Any]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


def test_a_launch_names_job_location_and_config_and_returns_the_run() -> None:
    with dagster_that_answers({"data": {"launchRun": LAUNCHED}}) as (url, asked):
        assert dagster_api.launch(url, "evaluate", {"ops": {}}) == "r1"
        assert Orchestrator(url).launch("lineage") == "r1"
    first, second = (question["variables"] for question in asked)
    assert first == {
        "selector": {
            "jobName": "evaluate",
            "repositoryName": REPOSITORY,
            "repositoryLocationName": LOCATION,
        },
        "config": {"ops": {}},
    }
    assert (second["selector"]["jobName"], second["config"]) == ("lineage", {})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"data": {"launchRun": {"__typename": "PythonError", "message": "it broke"}}}, "it broke"),
        ({"data": {"launchRun": {"__typename": "RunConflict"}}}, "refused to launch deploy"),
        ({"errors": [{"message": "no such field"}], "data": None}, "no such field"),
    ],
)
def test_a_refusal_is_an_error_in_dagster_s_words(answer: Any, words: str) -> None:
    with (
        dagster_that_answers(answer) as (url, _),
        pytest.raises(DagsterRefused, match=words),
    ):
        dagster_api.launch(url, "deploy")


def test_a_webserver_that_is_not_there_or_refuses_is_not_ready() -> None:
    assert not readiness.daemon_healthy(f"http://127.0.0.1:{free_ports(1)[0]}")
    with dagster_that_answers({"errors": [{"message": "not yet"}]}) as (url, _):
        assert not readiness.dagster_loaded(url)
