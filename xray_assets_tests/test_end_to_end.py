"""One run of the whole product through real processes: webserver, daemon, endpoint, feedback API;
and what a real training of either family left in it.

Small and short-trained: what it proves is that the parts meet, not which verdict they reach
(`benchmarks/scenarios.py` and the demo do that).
"""

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from rich.console import Console

from xray_assets.assets.classifiers import TrainingConfig, classifier
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    FAMILIES,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    XRAY_METADATA,
)
from xray_assets.demo.outcome import Outcome
from xray_assets.demo.run import run_demo
from xray_assets.deployments import resources
from xray_assets.promotion import PromotionRule
from xray_assets.scoring.registered import DIGEST_TAG, RegisteredVersion
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings import PROJECT, Settings
from xray_assets.training.films import load_splits
from xray_assets.training.gates import AUC, GATES
from xray_assets.training.records.tracking import EXPERIMENT
from xray_assets.training.request import FILM_COLUMNS
from xray_assets_tests.room.visitor import csrf_in

Finished = tuple[Outcome, Settings, dict]
REAL_FILMS = PROJECT.parent / "shared" / "xray_sample" / "chest_xray"

SMALL = {
    "XRAY_IMAGE_LIMIT": "120",
    "XRAY_SPLIT_SHARES": "50/15/35",
    "XRAY_EPOCHS": "3",
    "XRAY_TRAIN_LIMITS": "keras=12",  # so that the models differ, and cases are drawn
    "XRAY_GATE_MIN_AUC": "0",
    "XRAY_GATE_MIN_SENSITIVITY": "0",
    "XRAY_GATES_CAUSE": "end-to-end test: three epochs",
    "XRAY_SOURCE": f"folder:{REAL_FILMS}" if REAL_FILMS.exists() else "phantom",
}


SERVERS = ("DAGSTER", "ENDPOINT", "FEEDBACK", "ROOM")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def signed_in(outcome: Outcome, settings: Settings) -> dict[str, int]:
    """What the room answers whom the demo tells how to sign in, by role."""
    answers = {}
    for one in outcome.visitors:
        with httpx.Client(base_url=settings.room_url) as browser:
            told = {"name": one.name, "password": one.password}
            form = told | {"csrf": csrf_in(browser.get("/login"))}
            answers[str(one.role)] = browser.post("/login", data=form).status_code
    return answers


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    """A finished demo, its settings, and what its endpoint said while it was still up."""
    state = tmp_path_factory.mktemp("demo") / "state"
    ports = {f"XRAY_{name}_PORT": str(free_port()) for name in SERVERS}
    before = dict(os.environ)
    os.environ.update(SMALL | ports | {"XRAY_STATE": str(state)})
    seen: dict = {}

    def look(outcome: Outcome, settings: Settings) -> None:
        seen["health"] = httpx.get(f"{settings.endpoint_url}/health").status_code
        seen["served"] = resources(settings).serving.served()
        seen["room"] = signed_in(outcome, settings)

    try:
        outcome = run_demo(scenario="same", console=Console(quiet=True), afterwards=look)
        yield outcome, Settings(), seen
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_the_demo_ends_in_a_decision_about_every_drawn_case_by_the_newest_rule(
    finished: Finished,
) -> None:
    outcome, settings, _ = finished
    decision = outcome.decision
    assert decision["verdict"] in ("PROMOTE", "KEEP_TESTING", "ROLLBACK")
    drawn = resources(settings).tables.read(REVIEW_ASSIGNMENTS).filter("drawn").collect()
    if decision["verdict"] == "KEEP_TESTING":
        assert decision["n_reviewed"] == drawn.height
    report = json.loads(decision["report"])
    assert report["decision"]["verdict"] == decision["verdict"]
    assert (decision["rule_version"], decision["rule_hash"]) == ("3", PromotionRule().sha256)
    assert outcome.experiment.review_policy_hash is not None


def test_readers_read_the_drawn_cases_of_the_queue_and_no_other(finished: Finished) -> None:
    _, settings, _ = finished
    tables = resources(settings).tables
    reads = tables.read(PREDICTION_FEEDBACK).collect()
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn").collect()
    assert reads.height > 0
    assert set(reads["prediction_id"]) <= set(drawn["request_id"])
    assert reads["blinded"].all() and reads["lease"].null_count() == 0
    assert set(reads["feedback_source"]) == {"simulation"}


def test_the_demo_tells_a_reader_and_a_viewer_how_to_sign_in(finished: Finished) -> None:
    assert finished[2]["room"] == {"reader": 303, "viewer": 303}  # to their pages


def test_every_answered_request_is_logged_paired_and_read_once(
    finished: Finished,
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


def test_the_endpoint_served_what_was_recorded(finished: Finished) -> None:
    outcome, settings, seen = finished
    assert seen["health"] == 200
    assert seen["served"].traffic == outcome.experiment.wanted_traffic()
    recorded = resources(settings).tables.read(ENDPOINT_CONFIG).collect()
    assert seen["served"].config_version in recorded["config_version"]


def test_a_decision_names_the_table_versions_it_was_made_from(
    finished: Finished,
) -> None:
    outcome, settings, _ = finished
    versions = json.loads(outcome.decision["input_versions"])
    tables = resources(settings).tables
    assert 0 <= versions["gold.reviewed_cases"] <= tables.version(REVIEWED_CASES)
    assert tables.read(PROMOTION_DECISION).collect()["decision_id"].is_unique().all()


def test_nothing_is_left_running(finished: Finished) -> None:
    _, settings, _ = finished
    urls = (settings.dagster_url, settings.endpoint_url, settings.feedback_url, settings.room_url)
    for url in urls:
        with pytest.raises(httpx.ConnectError):
            httpx.get(url)


def test_no_token_or_password_is_in_any_log_file(finished: Finished) -> None:
    outcome, settings, _ = finished
    secrets = [(settings.state / "token").read_text().strip()]
    secrets += [one.password for one in outcome.visitors]
    logs: list[Path] = list((settings.state / "logs").glob("*.log"))
    assert logs
    texts = {log.name: log.read_text(errors="replace") for log in logs}
    assert [name for name, text in texts.items() if any(one in text for one in secrets)] == []


@dataclass(frozen=True)
class Training:
    """What one training of the demo left in Dagster."""

    family: str
    settings: Settings
    made: dg.AssetMaterialization
    gates: dict[str, Any]

    @property
    def latest(self) -> RegisteredVersion:
        return latest(self.settings, self.family)

    def value(self, name: str) -> Any:
        return self.made.metadata[name].value


def latest(settings: Settings, family: str) -> RegisteredVersion:
    found = resources(settings).registry.latest(settings.catalog.table(FAMILIES[family].model))
    assert found is not None
    return found


@pytest.fixture(params=sorted(FAMILIES))
def training(request: pytest.FixtureRequest, finished: Finished) -> Iterator[Training]:
    _, settings, _ = finished
    key = dg.AssetKey(FAMILIES[request.param].model)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        made = instance.fetch_materializations(key, limit=1).records[0].asset_materialization
        history = instance.event_log_storage.get_asset_check_execution_history
        gates = {name: history(dg.AssetCheckKey(key, name), limit=1)[0].event for name in GATES}
        assert made is not None
        yield Training(
            request.param,
            settings,
            made,
            {
                name: event.dagster_event.asset_check_evaluation_data
                for name, event in gates.items()
            },
        )


def test_a_training_registers_a_version_that_scores_without_its_framework(
    training: Training, tmp_path: Path
) -> None:
    room = resources(training.settings)
    assert training.value("version") == training.latest.version
    assert training.made.tags is not None
    assert training.made.tags["dagster/data_version"] == str(training.latest.version)
    assert training.value("artifact_sha256") == training.latest.artifact_sha256
    artifact = room.registry.fetch(training.latest.model_name, training.latest.version)
    films = room.tables.read(XRAY_METADATA).select(FILM_COLUMNS).collect()
    films.write_parquet(tmp_path / "films.parquet")
    test = load_splits(str(tmp_path / "films.parquet"), seed=0, limit=None, threads=1).test
    assert OnnxClassifier(artifact).probabilities(test.images).shape == (len(test),)
    assert artifact.family == training.family


def test_a_training_explains_itself(training: Training) -> None:
    for figure in ("auc", "sensitivity", "specificity"):
        low, value, high = (training.value(f"{figure}{end}") for end in ("_low", "", "_high"))
        assert low <= value <= high
    assert 0 <= training.value("ece") <= 1
    picture, run = training.value("roc"), training.value("mlflow_run_id")
    assert picture.startswith("![") and "data:image/svg+xml;base64," in picture
    assert len(picture) < 40_000
    page = training.value("mlflow_run")
    assert page.startswith(f"{training.settings.mlflow_url}/#/experiments/") and page.endswith(run)


def test_every_gate_is_a_check_with_its_value_limit_and_cause(training: Training) -> None:
    assert all(gate.passed for gate in training.gates.values())
    assert training.gates[AUC].metadata["cause"].value == SMALL["XRAY_GATES_CAUSE"]
    assert training.gates[AUC].metadata["limit"].value == 0.0


def test_the_run_in_mlflow_holds_parameters_curves_pictures_and_the_native_model(
    training: Training,
) -> None:
    import mlflow

    settings = training.settings
    client = mlflow.MlflowClient(settings.mlflow_uri)
    run = client.get_run(training.value("mlflow_run_id"))
    assert client.get_experiment(run.info.experiment_id).name == EXPERIMENT
    assert run.info.run_name.startswith(f"{training.family}, ")
    assert "trained on" in run.data.tags["mlflow.note.content"]
    (films,) = run.inputs.dataset_inputs
    assert films.dataset.digest == training.value("films_sha256")[:36]
    assert (run.data.params["seed"], run.data.params["batch_size"]) == ("0", "32")
    assert run.data.params["gates_cause"] == SMALL["XRAY_GATES_CAUSE"]
    assert run.data.metrics["test_auc"] == pytest.approx(training.value("auc"))
    assert len(client.get_metric_history(run.info.run_id, "validation_loss")) >= 2
    pictures = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}
    assert pictures == {f"plots/{name}.svg" for name in ("training_curve", "roc", "calibration")}
    assert "native_model" in run.data.tags
    files = [path.name for path in (settings.mlflow_folder / "artifacts").rglob("*")]
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".pth"))]
    assert {"keras": "model.keras", "pytorch": "model.pt2"}[training.family] in files


ORDERED = "keras"
"""The family whose exporter orders."""


@pytest.fixture(scope="module")
def refused(
    finished: Finished,
) -> tuple[dg.ExecuteInProcessResult, RegisteredVersion]:
    """The demo's training again, under a limit that no export keeps; the latest version before."""
    _, settings, _ = finished
    room, asset, before = resources(settings), classifier(ORDERED), latest(settings, ORDERED)
    strict = TrainingConfig(gate_max_parity=1e-30, gates_cause="refused on purpose")
    result = dg.materialize(
        [asset],
        resources={"tables": room.tables, "training": room.training},
        run_config=dg.RunConfig({asset.op.name: strict}),
        raise_on_error=False,
    )
    return result, before


def test_a_failed_gate_registers_nothing_and_says_which_value_met_which_floor(
    finished: Finished,
    refused: tuple[dg.ExecuteInProcessResult, RegisteredVersion],
) -> None:
    result, before = refused
    assert not result.success
    assert latest(finished[1], ORDERED) == before
    (failed,) = result.filter_events(lambda event: event.is_step_failure)
    message = str(failed.event_specific_data.error)
    assert "onnx_matches_native" in message and "against 1e-30 (refused on purpose)" in message
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks == dict.fromkeys(GATES, True) | {"onnx_matches_native": False}


@pytest.mark.usefixtures("refused")
def test_the_same_films_and_seed_give_the_same_artifact_in_another_process(
    finished: Finished,
) -> None:
    import mlflow

    client = mlflow.MlflowClient(finished[1].mlflow_uri)
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert experiment is not None
    runs = [run.data for run in client.search_runs([experiment.experiment_id])]
    again, one = (run for run in runs if run.params["family"] == ORDERED)
    assert (again.tags["gates"], one.tags["gates"]) == ("failed", "passed")
    assert again.tags[DIGEST_TAG] == one.tags[DIGEST_TAG]
    assert again.metrics == one.metrics
