"""An experiment that starts in shadow (share 0), with the real endpoint, jobs, sensor, tables and
registry. Only the verdicts are written by the test.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from benchmarks.rollout.ramp_world import a_decision, register_two_models
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    ENDPOINT_NAME,
    PAIRED_PREDICTIONS,
    PROMOTION_DECISION,
)
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.reasons import Reason
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import last_experiment
from xray_assets.sensors.ramp import promotion_decided
from xray_assets_tests.serving.server_process import Server, film_base64
from xray_assets_tests.stack.free_ports import settings_of_a_test

PATIENTS = 30


class Shadow:
    """A deployment whose first experiment starts at share 0."""

    def __init__(self, folder: Path) -> None:
        self.settings = settings_of_a_test(
            folder, starting_share=0, ramp_dwell_seconds=0, ramp_dwell_requests=PATIENTS
        )
        register_two_models(self.settings)
        port = {"XRAY_ENDPOINT_PORT": str(self.settings.endpoint_port)}
        self.server = Server(self.settings.state, port)
        self.server.start()
        room = resources(self.settings)
        self.tables, self.ramp, self.registry = (
            getattr(room, name) for name in ("tables", "ramp", "registry")
        )
        self.instance = dg.DagsterInstance.ephemeral()
        self.decisions = 0
        self.run("deploy")

    @property
    def experiment(self) -> Experiment:
        experiment = last_experiment(self.tables)
        assert experiment is not None
        return experiment

    @property
    def served(self) -> list[int]:
        served = self.ramp.serving.served()
        return [entity.traffic_percentage for entity in served.entities]

    def run(self, job: str, config: dict[str, Any] | None = None) -> None:
        resolved = build_definitions(self.settings).resolve_job_def(job)
        assert resolved.execute_in_process(instance=self.instance, run_config=config).success

    def tick(self) -> str:
        """A tick and what it asks for; the reason where it asks for nothing."""
        with dg.build_sensor_context(
            instance=self.instance, resources={"ramp": self.ramp}
        ) as context:
            result = promotion_decided.evaluate_tick(context)
        for request in result.run_requests or ():
            self.run("deploy", request.run_config)
        return result.skip_message or "stepped"

    def decide(self, verdict: str, code: str = "a_code") -> None:
        self.decisions += 1
        why = [Reason(code, "so it was said")]
        row = a_decision(self.experiment, verdict, why, self.decisions)
        self.tables.append(PROMOTION_DECISION, row)

    def predict(self) -> list[str]:
        """A film of each patient; which models answered."""
        for patient in range(PATIENTS):
            film = {"image": film_base64(patient), "patient_id": f"p{patient}"}
            answer = self.server.invoke({"instances": [film]}, name=ENDPOINT_NAME)
            assert answer.status_code == 200, answer.text
        rows = self.server.rows(ENDPOINT_NAME)[-PATIENTS:]
        return sorted({row["served_model_name"] for row in rows})


@pytest.fixture
def shadow(tmp_path: Path) -> Iterator[Shadow]:
    world = Shadow(tmp_path)
    yield world
    assert world.server.stop() == 0


def test_a_shadow_is_loaded_and_judged_without_traffic_and_then_ramped(shadow: Shadow) -> None:
    champion, challenger = (
        one.served_name for one in (shadow.experiment.champion, shadow.experiment.challenger)
    )
    assert shadow.served == [100, 0]
    loaded = shadow.server.model_info(ENDPOINT_NAME)
    assert challenger in str(loaded)
    assert shadow.predict() == [champion]

    shadow.run("evaluate")
    pairs = shadow.tables.read(PAIRED_PREDICTIONS).collect()
    assert pairs.height == PATIENTS
    assert pairs["challenger_probability"].null_count() == 0
    assert set(pairs["served_arm"]) == {"champion"}
    assert not pairs["is_even_split"].any()  # readers may have seen the champion's answer
    decision = shadow.tables.read(PROMOTION_DECISION).collect().row(0, named=True)
    assert decision["e_sample_ratio"] == 1.0
    assert "sample_ratio" not in decision["reason_codes"]
    assert "verdict KEEP_TESTING at stage 0" in shadow.tick()

    shadow.decide("PROMOTE", "sample_ratio")
    assert "red guard in shadow" in shadow.tick()
    shadow.decide("PROMOTE")
    for share in (50, 70, 90):
        assert shadow.tick() == "stepped"
        assert shadow.served == [100 - share, share]
        assert "of 30 requests" in shadow.tick()
        assert challenger in shadow.predict()
    assert shadow.tick() == "stepped"
    assert shadow.served == [100]
    assert shadow.predict() == [challenger]
    assert "is promoted" in shadow.tick()
    aliases = shadow.registry.aliases(shadow.ramp.model_names)
    ended = shadow.experiment
    assert aliases == {
        "champion": (ended.challenger.model, 1),
        "previous_champion": (ended.champion.model, 1),
    }


def test_a_shadow_is_rolled_back_and_unloaded_and_a_stranger_config_is_recorded(
    shadow: Shadow,
) -> None:
    champion = shadow.experiment.champion.served_name
    shares = [(champion, 100), (shadow.experiment.challenger.served_name, 0)]
    assert [
        (route["served_model_name"], route["traffic_percentage"])
        for route in shadow.server.await_update(ENDPOINT_NAME)["config"]["traffic_config"]["routes"]
    ] == shares
    served = shadow.ramp.serving.served()
    assert served
    drifted = [replace(entity, traffic_percentage=50) for entity in served.entities]
    shadow.ramp.serving.apply(
        drifted, experiment_id=served.experiment_id, generation=served.generation
    )
    assert shadow.tick() == "stepped"
    assert shadow.served == [100, 0]

    shadow.decide("ROLLBACK", "worse")
    assert shadow.tick() == "stepped"
    assert (shadow.experiment.state, shadow.experiment.decided_by) == (
        "rolled_back",
        "reconciler",
    )
    assert shadow.served == [100]
    assert "is rolled_back" in shadow.tick()
    assert shadow.registry.aliases(shadow.ramp.model_names) == {
        "champion": (shadow.experiment.champion.model, 1)
    }
    recorded = shadow.tables.read(ENDPOINT_CONFIG).sort("config_version", "role").collect()
    history = recorded.group_by("config_version", maintain_order=True).agg(
        pl.col("traffic_percentage"), pl.col("decided_by").first()
    )
    assert history["traffic_percentage"].to_list() == [[0, 100], [50, 50], [0, 100], [100]]
    assert history["decided_by"].to_list() == [
        "reconciler",
        "unknown",
        "reconciler",
        "reconciler",
    ]
