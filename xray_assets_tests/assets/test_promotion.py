"""The decision as an asset: corrections, and the checks on the quality of its evidence."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.feedback.submission import submit_feedback
from xray_assets.rollout.state import last_experiment, save
from xray_assets_tests.logged_world import LoggedWorld

STEP_US = 3_600_000_000


@pytest.fixture
def world(tmp_path: Path) -> LoggedWorld:
    return LoggedWorld(tmp_path / "state", films=20)


def evaluate(world: LoggedWorld) -> dict[str, dg.AssetCheckEvaluation]:
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(world.settings).resolve_job_def("evaluate")
        result = job.execute_in_process(instance=instance)
    return {check.check_name: check for check in result.get_asset_check_evaluations()}


def decisions(world: LoggedWorld) -> list[dict[str, Any]]:
    table = resources(world.settings).tables.read(PROMOTION_DECISION)
    return table.sort("chain_position").collect().to_dicts()


def test_a_correction_that_takes_evidence_back_is_decided_anew(world: LoggedWorld) -> None:
    ids = world.predict(40, STEP_US)
    world.read(ids[:30])
    evaluate(world)
    told = {"radiologist_id": "DR007", "blinded": True, "settings": world.settings}
    submit_feedback(ids[-1], read="pneumonia", **told)
    evaluate(world)
    submit_feedback(ids[-1], read="uncertain", **told)
    evaluate(world)
    evaluate(world)
    before, with_it, taken_back = decisions(world)
    assert [row["n_reviewed"] for row in (before, with_it, taken_back)] == [30, 31, 30]
    assert taken_back["evidence_sha256"] == before["evidence_sha256"]
    assert taken_back["verdict"] == before["verdict"]


def test_what_cannot_be_judged_yet_says_so_and_is_not_red(world: LoggedWorld) -> None:
    checks = evaluate(world)
    for name in ("every_large_cell_is_reviewed", "readers_agree", "requests_follow_the_split"):
        assert checks[name].passed
    assert "cannot judge yet" in str(checks["readers_agree"].description)


def test_the_newest_event_shows_the_standing_verdict_after_the_experiment_has_ended(
    world: LoggedWorld,
) -> None:
    world.read(world.predict(60, STEP_US)[:30])
    evaluate(world)
    tables = resources(world.settings).tables
    experiment = last_experiment(tables)
    assert experiment is not None
    closed = experiment.ended("closed", now=datetime.now(UTC), by="a test", cause="enough")
    save(tables, [closed], seen=experiment.generation)
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(world.settings).resolve_job_def("evaluate")
        result = job.execute_in_process(instance=instance)
    (event,) = (
        event.step_materialization_data.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(PROMOTION_DECISION)
    )
    (row,) = decisions(world)
    assert event.metadata["verdict"].value == row["verdict"]
    assert event.metadata["no_decision"].value.endswith("is closed")
    assert "svg" in str(event.metadata["evidence"].value)
    assert "30" in str(event.metadata["n_reviewed"].value)


def test_double_reads_are_compared_and_cells_without_reviews_are_named(world: LoggedWorld) -> None:
    ids = world.predict(900, STEP_US)
    world.read(ids[:30])
    for number, request in enumerate(ids[:30]):
        truth = "normal" if number % 3 else "pneumonia"  # as the first reader said
        read = "uncertain" if number == 0 else truth
        submit_feedback(
            request, read=read, radiologist_id="DR002", blinded=True, settings=world.settings
        )
    checks = evaluate(world)
    assert checks["readers_agree"].passed
    assert checks["readers_agree"].metadata["pairs_of_answers"].value == 29
    assert checks["readers_agree"].metadata["kappa"].value == pytest.approx(1)
    assert checks["requests_follow_the_split"].passed
    assert not checks["every_large_cell_is_reviewed"].passed
    assert "less than 5% reviewed" in str(checks["every_large_cell_is_reviewed"].description)
