"""One run of the whole product through real processes: webserver, daemon, endpoint, feedback API.

Small and short-trained: what it proves is that the parts meet, not which verdict they reach
(`benchmarks/scenarios.py` and the demo do that).
"""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEWED_CASES,
    XRAY_METADATA,
)
from xray_assets.demo.outcome import Outcome
from xray_assets.demo.run import run_demo
from xray_assets.deployments import resources
from xray_assets.settings import PROJECT, Settings

REAL_FILMS = PROJECT.parent / "shared" / "xray_sample" / "chest_xray"

SMALL = {
    "XRAY_IMAGE_LIMIT": "160",
    "XRAY_SPLIT_SHARES": "50/15/35",
    "XRAY_EPOCHS": "3",
    "XRAY_GATE_MIN_AUC": "0",
    "XRAY_GATE_MIN_SENSITIVITY": "0",
    "XRAY_GATES_CAUSE": "end-to-end test: three epochs",
    "XRAY_SOURCE": f"folder:{REAL_FILMS}" if REAL_FILMS.exists() else "phantom",
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outcome, Settings, dict]]:
    """A finished demo, its settings, and what its endpoint said while it was still up."""
    state = tmp_path_factory.mktemp("demo") / "state"
    ports = {f"XRAY_{name}_PORT": str(free_port()) for name in ("DAGSTER", "ENDPOINT", "FEEDBACK")}
    before = dict(os.environ)
    os.environ.update(SMALL | ports | {"XRAY_STATE": str(state)})
    seen: dict = {}

    def look(outcome: Outcome, settings: Settings) -> None:
        seen["health"] = httpx.get(f"{settings.endpoint_url}/health").status_code
        seen["served"] = resources(settings).serving.served()

    try:
        outcome = run_demo(scenario="same", console=Console(quiet=True), afterwards=look)
        yield outcome, Settings(), seen
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_the_demo_ends_in_a_decision_about_every_held_out_patient(
    finished: tuple[Outcome, Settings, dict],
) -> None:
    outcome, settings, _ = finished
    tables = resources(settings).tables
    films = tables.read(XRAY_METADATA).collect()
    held_out = films.filter(films["dataset_split"] == "test")["patient_id"].n_unique()
    decision = outcome.decision
    assert decision["verdict"] in ("PROMOTE", "KEEP_TESTING", "ROLLBACK")
    if decision["verdict"] == "KEEP_TESTING":
        assert decision["n_reviewed"] == held_out
    assert json.loads(decision["report"])["decision"]["verdict"] == decision["verdict"]


def test_every_answered_request_is_logged_paired_and_read_once(
    finished: tuple[Outcome, Settings, dict],
) -> None:
    _, settings, _ = finished
    tables = resources(settings).tables
    predictions = tables.read(PREDICTIONS).collect()
    pairs = tables.read(PAIRED_PREDICTIONS).collect()
    reads = tables.read(PREDICTION_FEEDBACK).collect()
    assert predictions["request_id"].n_unique() == predictions.height > 0
    assert pairs.height == predictions.height
    assert pairs["challenger_label"].null_count() == 0
    assert set(reads["prediction_id"]) <= set(predictions["request_id"])
    assert tables.read(REVIEWED_CASES).collect()["case_key"].is_unique().all()


def test_the_endpoint_served_what_was_recorded(finished: tuple[Outcome, Settings, dict]) -> None:
    outcome, settings, seen = finished
    assert seen["health"] == 200
    assert seen["served"].traffic == outcome.experiment.wanted_traffic()
    recorded = resources(settings).tables.read(ENDPOINT_CONFIG).collect()
    assert seen["served"].config_version in recorded["config_version"]


def test_a_decision_names_the_table_versions_it_was_made_from(
    finished: tuple[Outcome, Settings, dict],
) -> None:
    outcome, settings, _ = finished
    versions = json.loads(outcome.decision["input_versions"])
    tables = resources(settings).tables
    assert 0 <= versions["gold.reviewed_cases"] <= tables.version(REVIEWED_CASES)
    assert tables.read(PROMOTION_DECISION).collect()["decision_id"].is_unique().all()


def test_nothing_is_left_running(finished: tuple[Outcome, Settings, dict]) -> None:
    _, settings, _ = finished
    for url in (settings.dagster_url, settings.endpoint_url, settings.feedback_url):
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_no_token_or_patient_is_in_any_log_file(finished: tuple[Outcome, Settings, dict]) -> None:
    _, settings, _ = finished
    token = (settings.state / "token").read_text().strip()
    logs: list[Path] = list((settings.state / "logs").glob("*.log"))
    assert logs
    assert not [log.name for log in logs if token in log.read_text(errors="replace")]
