"""`xray backtest`: a registered candidate on all reviewed films, on real Delta, MLflow and ONNX."""

from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest

from xray_assets.catalog import BACKTESTS, PROMOTION_DECISION, REVIEWED_CASES
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.training.records import tracking
from xray_assets_tests.logged_world import LoggedWorld
from xray_assets_tests.serving.networks import film_mean_network

STEP_US = 3_600_000_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> LoggedWorld:
    """90 requests, every second one read, and two registered versions: one makes other mistakes
    than the champion, one is the champion's own network.
    """
    made = LoggedWorld(tmp_path_factory.mktemp("backtest") / "state", films=20)
    made.read(made.predict(90, STEP_US)[::2])
    execute(made, "evaluate")
    tracker = tracking.open_tracker(made.settings.mlflow_uri)
    artifacts = (made.settings.mlflow_folder / "artifacts").as_uri()
    with tracking.tracked_run(tracker, "keras", artifacts) as run:
        for slope, offset in ((-4.0, 2.0), (4.0, -2.0)):
            artifact = ServingArtifact.write(
                made.settings.state / "made" / str(slope),
                onnx=film_mean_network(slope=slope, offset=offset, embedding=True),
                threshold=0.5,
                preprocessing_version="1",
                family="keras",
                opset=17,
                embedding=True,
            )
            tracking.register(run, artifact, made.experiment.champion.model, {"run": run.path})
    return made


def execute(world: LoggedWorld, job: str, **more: Any) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        definition = build_definitions(world.settings).resolve_job_def(job)
        return definition.execute_in_process(instance=instance, **more)


def backtest(world: LoggedWorld, version: int, **more: Any) -> dg.ExecuteInProcessResult:
    config = {"model": world.experiment.champion.model, "version": version}
    return execute(
        world, "backtest", run_config={"ops": {"gold__backtests": {"config": config}}}, **more
    )


def test_without_a_candidate_nothing_is_judged_and_the_page_says_how_it_is_started(
    world: LoggedWorld,
) -> None:
    """What "Materialize all" launches has no config."""
    rows = resources(world.settings).tables.row_count(BACKTESTS)
    result = execute(world, "backtest")
    (event,) = result.get_asset_materialization_events()
    how = event.step_materialization_data.materialization.metadata["how_to_start"].value
    assert "xray backtest MODEL VERSION" in str(how)
    assert resources(world.settings).tables.row_count(BACKTESTS) == rows
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_the_candidate_is_scored_on_every_reviewed_film_and_counts_in_no_experiment(
    world: LoggedWorld,
) -> None:
    room = resources(world.settings)
    tables, log = room.tables, room.inference_log
    before = [tables.version(key) for key in (REVIEWED_CASES, PROMOTION_DECISION)]
    result = backtest(world, 1)
    assert [tables.version(key) for key in (REVIEWED_CASES, PROMOTION_DECISION)] == before
    row = tables.read(BACKTESTS).collect().row(-1, named=True)
    assert (row["n_films"], row["n_scored"]) == (45, 45)
    champion, candidate = (
        OnnxClassifier(
            ServingArtifact.load(world.settings.artifact_cache / sha256, expected_sha256=sha256)
        )
        for sha256 in (row["champion_sha256"], row["candidate_sha256"])
    )
    films = np.stack([stored_model_input(log.image(digest)) for digest in world.films])
    one, other = (model.probabilities(films) >= 0.5 for model in (champion, candidate))
    reviewed = tables.read(REVIEWED_CASES).select("request_id", "truth").collect()
    expected = np.zeros((2, 2, 2), int)
    for request_id, truth in reviewed.iter_rows():
        film = int(request_id[-12:], 16) % len(world.films)
        expected[int(one[film]), int(other[film]), truth] += 1
    assert pl.Series([row["report"]]).str.json_path_match("$.paired_table")[0] == str(
        expected.tolist()
    ).replace(" ", "")
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert checks["the_candidate_is_no_worse"].passed == row["passed"]


def test_the_champion_itself_and_unknown_versions_are_refused(world: LoggedWorld) -> None:
    known = resources(world.settings).tables.version(BACKTESTS)
    for version, message in ((2, "champion itself"), (9, "no version 9")):
        failed = backtest(world, version, raise_on_error=False)
        assert not failed.success
        (failure,) = failed.filter_events(lambda event: event.is_step_failure)
        assert message in str(failure.event_specific_data.error)
    assert resources(world.settings).tables.version(BACKTESTS) == known
