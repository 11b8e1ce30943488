"""Simulated days by the real paths: endpoint, queue, inbox, assets and sensors; only the network is
a tiny one, so that nothing is trained.
"""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from xray_assets import catalog, clock
from xray_assets.catalog import (
    MONITORING_DAYS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    SIMULATION,
    XRAY_METADATA,
)
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.lake.tables import Tables
from xray_assets.review.ordering import raise_share
from xray_assets.review.orders import EVERY_SITE
from xray_assets.scoring.mlflow_client import import_mlflow, prepare
from xray_assets.scoring.registered import DIGEST_TAG, FAMILY_TAG, THRESHOLD_TAG
from xray_assets.serving.hot_path import request_ids
from xray_assets.settings import Settings
from xray_assets.simulation import state
from xray_assets.simulation.days import simulate
from xray_assets.simulation.outcome import Line, Outcome
from xray_assets.simulation.scenarios import Change, Scenario
from xray_assets.simulation.state import StateRefused, simulation_settings
from xray_assets.statistics.drift.levels import Level
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

DAYS, QUIET, BASELINE = 9, 1, 7
UPSIDE_DOWN = Scenario("upside-down", "every film is inverted", Level.MAJOR, Change("inverted"))


Run = tuple[Settings, Outcome]


def tiny_beginning(settings: Settings) -> None:
    """Some films, and a registered network that looks at a film's mean."""
    keys = (
        catalog.XRAY_IMAGES,
        catalog.KAGGLE_XRAY_METADATA,
        catalog.XRAY_METADATA,
        catalog.XRAY_REJECTS,
    )
    job = dg.define_asset_job("begin", dg.AssetSelection.assets(*keys).without_checks())
    both = dg.Definitions.merge(build_definitions(settings), dg.Definitions(jobs=[job]))
    assert both.resolve_job_def("begin").execute_in_process().success
    prepare(settings.mlflow_uri)
    client = import_mlflow().MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    network = film_mean_network(slope=12.0, offset=-6, embedding=True)
    artifact = write_artifact(settings.artifact_cache, network, family="pytorch", embedding=True)
    name = settings.catalog.table(catalog.PYTORCH_CLASSIFIER)
    client.create_registered_model(name)
    tags = {DIGEST_TAG: artifact.sha256, FAMILY_TAG: "pytorch", THRESHOLD_TAG: "0.5"}
    client.create_model_version(name, str(artifact.folder), tags=tags)


def settings_in(folder: Path) -> Settings:
    return simulation_settings(
        state=folder,
        source="phantom",
        image_limit=20,
        baseline_days=BASELINE,
        baseline_patients=100,
    )


def tables_of(settings: Settings) -> Tables:
    return resources(settings).tables


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = settings_in(tmp_path_factory.mktemp("simulation") / "state")

    def read_all(line: Line) -> None:
        if line.number == 0:
            with clock.set_to(datetime.combine(line.day, time(), UTC) + timedelta(days=1)):
                raise_share(
                    tables_of(settings),
                    site=EVERY_SITE,
                    chance=1.0,
                    until=line.day + timedelta(days=DAYS),
                    reason="a test",
                    by="a test",
                    now=clock.now(),
                )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(request_ids, "_last", 0)  # ids of a process never fall
        patch.setattr(state, "begin", tiny_beginning)
        outcome = simulate(
            settings,
            UPSIDE_DOWN,
            days=DAYS,
            films_a_day=36,
            quiet_days=QUIET,
            pool=40,
            on_day=read_all,
        )
    return settings, outcome


def test_days_are_quiet_until_the_change_and_alarm_on_the_day_it_comes(simulated: Run) -> None:
    _, outcome = simulated
    assert outcome.alarms_before == 0
    assert {line.level for line in outcome.before if line.is_compared} == {Level.NONE}
    assert (outcome.days_to_alarm, outcome.reached) == (0, Level.MAJOR)
    assert sum(line.injected for line in outcome.before) == 0
    assert all(line.injected == line.films > 0 for line in outcome.since)


def test_what_was_sent_is_in_the_tables_at_its_simulated_time_and_of_its_site(
    simulated: Run,
) -> None:
    settings, outcome = simulated
    rows = tables_of(settings).read(PREDICTIONS).collect()
    days = {line.day: line.films for line in outcome.lines}
    assert dict(rows.group_by("date").len().iter_rows()) == days
    assert set(rows["purpose"]) == {SIMULATION} == {settings.catalog.counted_purpose}
    assert set(rows["site"]) == {"north", "south"}
    shown = rows.select(day=pl.col("request_id").str.slice(0, 13).str.replace("-", ""))
    milliseconds = shown["day"].str.to_integer(base=16)
    assert (milliseconds == rows["timestamp"].dt.epoch("ms")).all()


def test_readers_were_asked_by_the_queue_and_read_blinded_some_days_later(simulated: Run) -> None:
    settings, outcome = simulated
    tables = tables_of(settings)
    reads = tables.read(PREDICTION_FEEDBACK).collect()
    assert reads.height == sum(line.reads for line in outcome.lines) > 100
    assert reads["blinded"].all() and set(reads["feedback_source"]) == {"simulation"}
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn").collect()
    assert set(reads["prediction_id"]) <= set(drawn["request_id"])
    delays = (reads["timestamp"].dt.date() - reads["prediction_date"]).dt.total_days()
    assert delays.min() == 1 and 1.5 <= delays.mean() <= 3.5  # type: ignore[operator]


def test_nobody_whom_the_models_know_is_in_the_traffic(simulated: Run) -> None:
    settings, _ = simulated
    known = set(tables_of(settings).read(XRAY_METADATA).collect()["pixel_sha256"])
    sent = tables_of(settings).read(PREDICTIONS).collect()
    assert sent["image_sha256"].n_unique() == sent.height
    assert not known & set(sent["image_sha256"])


def test_what_was_injected_is_in_no_table(simulated: Run) -> None:
    settings, outcome = simulated
    days = tables_of(settings).read(MONITORING_DAYS).drop("state").collect()
    assert days.height == DAYS
    assert "inverted" not in str(days.to_dicts()) and outcome.scenario.name not in str(days)


def test_a_state_with_requests_that_are_not_simulated_is_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "state")
    (settings.state / SIMULATION).mkdir(parents=True)
    (settings.state / "lake").mkdir()
    settings.endpoint_folder.mkdir()
    with closing(sqlite3.connect(settings.inference_log)) as log:
        log.execute("CREATE TABLE predictions (purpose TEXT)")
        log.execute("INSERT INTO predictions VALUES ('simulation')")
        log.execute("INSERT INTO predictions VALUES ('clinical')")
        log.commit()
    with pytest.raises(StateRefused, match=r"not simulated \(clinical\)"):
        state.prepare(settings, seed=0, progress=lambda words: None)
    assert settings.inference_log.exists()


def test_a_state_that_is_not_a_simulations_is_refused(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (tmp_path / "lake").mkdir()
    with pytest.raises(StateRefused, match="not a simulation's"):
        state.prepare(settings, seed=0, progress=lambda words: None)


def test_two_simulations_never_run_in_one_state(tmp_path: Path) -> None:
    settings = settings_in(tmp_path / "state")
    with state.alone(settings), pytest.raises(StateRefused, match="another simulation runs"):
        simulate(settings, UPSIDE_DOWN)
    with state.alone(settings):
        pass
