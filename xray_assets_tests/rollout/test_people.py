"""What people say: real tables, registry and asset; only the endpoint is in memory."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from benchmarks.rollout.crashes import PLAN, counted_calls
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets import clock
from xray_assets.assets.endpoint import EndpointChange, endpoint_config
from xray_assets.audit.chain import Head, sealed
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    MONITORING_RECORD,
    RETRAINING_REQUESTS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import MAJOR
from xray_assets.monitoring.response.evidence import Evidence
from xray_assets.monitoring.response.respond import respond
from xray_assets.monitoring.response.state import State
from xray_assets.rollout import acts
from xray_assets.rollout.experiment import ExperimentError
from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import next_step
from xray_assets.rollout.state import last_experiment, read_state
from xray_assets.scoring.registered import RegistryError
from xray_assets.settings import Settings
from xray_assets_tests.monitoring.response.days import a_day

COMPLAINTS = {"by": "Ada", "reason": "complaints"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    found = Settings(state=tmp_path_factory.mktemp("registry"))
    register_two_models(found)
    return found


@pytest.fixture
def make_world(tmp_path: Path, settings: Settings) -> Iterator[Callable[..., World]]:
    logging.disable(logging.INFO)
    yield lambda **ramp: World(tmp_path, settings, **ramp)
    PLAN.left = None
    logging.disable(logging.NOTSET)


@pytest.fixture
def recommended(make_world: Callable[..., World]) -> World:
    """An experiment at 50 with a PROMOTE that two people must approve."""
    world = make_world(promotion="recommend", approvers=2)
    world.run(EndpointChange())
    world.decide("PROMOTE")
    return world


def approve(world: World, by: str, **more: object) -> None:
    experiment = world.experiment
    said = {"by": by, "reason": f"{by} looked", "named": True, "stage": experiment.stage}
    said |= {"experiment_id": experiment.experiment_id}
    acts.approve(world.ramp, **(said | more))  # type: ignore[arg-type]


def test_a_first_approval_is_in_the_table_and_a_second_person_takes_the_step(
    recommended: World,
) -> None:
    approve(recommended, "Ada")
    row = recommended.tables.read(EXPERIMENTS).collect().row(0, named=True)
    assert (row["stage"], row["approved_by"], row["approval_reason"]) == (50, "Ada", "Ada looked")
    with pytest.raises(ExperimentError, match="another person"):
        approve(recommended, "ada")
    approve(recommended, "Grace")
    row = recommended.tables.read(EXPERIMENTS).collect().row(0, named=True)
    assert (row["stage"], row["approved_by"], row["decided_by"]) == (70, None, "Ada and Grace")
    config = recommended.tables.read(ENDPOINT_CONFIG).sort("config_version").collect()
    assert config["decided_by"].to_list()[-1] == "Ada and Grace"
    assert "approved by Ada: Ada looked, approved by Grace: Grace looked" in config["cause"][-1]


def test_a_ramp_on_real_tables_is_held_and_goes_on_for_the_cure_alone(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.run(EndpointChange())
    world.decide("PROMOTE")
    day = clock.now() - timedelta(days=1)
    _, rows = respond(State(), Evidence((a_day(0, MAJOR, closed_at=day),)), (), clock.now())
    link = sealed(rows[0], Head.START)
    record = CONTRACTS[MONITORING_RECORD]
    world.tables.append(MONITORING_RECORD, pl.DataFrame([link], schema=record.schema))
    assert (
        "MAJOR in episode-2026-01-01"
        in next_step(observe(world.ramp, world.experiment), world.ramp.policy).cause
    )
    schema = CONTRACTS[RETRAINING_REQUESTS].schema
    request = dict.fromkeys(schema.names()) | {
        "request_id": "r",
        "asked_at": day,
        "updated_at": day,
        "triggers": "performance",
        "state": "opened",
        "asked_by": "monitoring",
        "evidence": "{}",
        "new_truths": 1,
        "budget_left": 1,
        "episode_id": "episode-2026-01-01",
        "artifact_sha256": world.experiment.challenger.artifact_sha256,
        "run_id": "r",
    }
    world.tables.append(RETRAINING_REQUESTS, pl.DataFrame([request], schema=schema))
    assert next_step(observe(world.ramp, world.experiment), world.ramp.policy).kind == "advance"


def test_a_share_is_set_by_hand_down_and_back_to_the_start_and_no_further(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.run(EndpointChange())
    outcome = acts.set_share(world.ramp, 20, **COMPLAINTS)
    assert outcome.served is not None
    assert outcome.served.traffic == world.experiment.wanted_traffic()
    assert sorted(outcome.served.traffic.values()) == [20, 80]
    assert (world.experiment.state, world.experiment.decided_by) == ("open", "Ada")
    for refused in (20, 51, 100, -1):
        with pytest.raises(ExperimentError, match="from 0 to 50: more takes a PROMOTE"):
            acts.set_share(world.ramp, refused, **COMPLAINTS)
    acts.set_share(world.ramp, 50, **COMPLAINTS)
    world.decide("PROMOTE")
    assert world.step()
    assert world.experiment.stage == 70


def test_a_share_of_an_ended_experiment_is_not_set(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.run(EndpointChange())
    acts.close(world.ramp, **COMPLAINTS)
    with pytest.raises(ExperimentError, match="open a new one"):
        acts.set_share(world.ramp, 10, **COMPLAINTS)


def test_an_approval_of_an_earlier_stage_or_of_another_experiment_is_refused(
    recommended: World,
) -> None:
    for earlier in ({"stage": 0}, {"experiment_id": "another"}):
        with pytest.raises(ExperimentError, match="look again with `xray promote`"):
            approve(recommended, "Ada", **earlier)
    assert recommended.experiment.approval is None


def test_a_lapsed_promote_takes_the_first_approval_with_it(recommended: World) -> None:
    approve(recommended, "Ada")
    recommended.decide("KEEP_TESTING", "not_proven_better")
    with pytest.raises(ExperimentError, match="nothing to approve: verdict KEEP_TESTING"):
        approve(recommended, "Grace")
    recommended.decide("PROMOTE")
    approve(recommended, "Grace")
    experiment = recommended.experiment
    assert experiment.stage == 50
    assert experiment.approval and experiment.approval.by == "Grace"


def test_more_evidence_for_promote_leaves_the_approval_standing(recommended: World) -> None:
    approve(recommended, "Ada")
    recommended.decide("PROMOTE")
    approve(recommended, "Grace")
    assert recommended.experiment.stage == 70


def test_a_rollback_needs_one_person_and_takes_all_traffic_back(recommended: World) -> None:
    acts.roll_back(recommended.ramp, by="Ada", reason="complaints")
    experiment = recommended.experiment
    assert (experiment.state, experiment.closed_by) == ("rolled_back", "Ada")
    assert experiment.cause == "rollback by Ada: complaints"
    assert recommended.twin.now
    assert recommended.twin.now.traffic == {experiment.champion.served_name: 100}


@pytest.mark.parametrize(
    "forged",
    [
        {"action": "rollback"},
        {"action": "rollback", "by": "Dr. Smith", "reason": "complaints"},
        {"action": "approve", "by": "Dr. Smith", "experiment_id": "e", "stage": 50},
        {"action": "reassert", "by": "Dr. Smith"},
        {"action": "step", "generation": 1, "reason": "complaints"},
    ],
)
def test_a_launch_that_claims_a_persons_word_is_refused_and_changes_nothing(
    recommended: World, forged: dict[str, object]
) -> None:
    def launch(config: dict[str, object]) -> bool:
        asked = {"ops": {"endpoint_config": {"config": config}}}
        resources = {"ramp": recommended.ramp}
        return dg.materialize([endpoint_config], run_config=asked, resources=resources).success

    before = read_state(recommended.tables)
    with pytest.raises(dg.DagsterInvalidConfigError):
        launch(forged)
    assert launch({"action": "step", "generation": before.generation}), "what may be asked for"
    assert read_state(recommended.tables) == before, "and takes no step without people"
    assert len(recommended.twin.served) == 1


def test_who_decided_is_kept_when_another_run_carries_it_out(recommended: World) -> None:
    with counted_calls(), dg.DagsterInstance.ephemeral() as instance:
        PLAN.left, PLAN.writes_only, PLAN.mode = 2, True, "before"  # saved, then the process dies
        assert not recommended.act(lambda ramp: acts.roll_back(ramp, **COMPLAINTS))
        assert not recommended.experiment.is_settled
        change = recommended.tick(instance)
        assert change
        recommended.run(change)
    config = recommended.tables.read(ENDPOINT_CONFIG).sort("config_version").collect()
    assert (config["decided_by"][-1], config["cause"][-1]) == ("Ada", "rollback by Ada: complaints")
    assert recommended.experiment.closed_by == "Ada"


@pytest.mark.parametrize("act", [acts.roll_back, acts.close, acts.withdraw])
def test_without_an_experiment_a_persons_word_opens_none(
    make_world: Callable[..., World], act: Callable[..., acts.Outcome]
) -> None:
    world = make_world()
    with pytest.raises(ExperimentError, match="there is no experiment yet"):
        act(world.ramp, **COMPLAINTS)
    assert last_experiment(world.tables) is None


def test_an_unknown_version_cannot_be_opened(make_world: Callable[..., World]) -> None:
    world = make_world()
    with pytest.raises(RegistryError, match="no version 99"):
        acts.open_experiment(world.ramp, world.ramp.model_names[0], 99, **COMPLAINTS)


def test_a_second_experiment_waits_for_the_end_of_the_first(recommended: World) -> None:
    with pytest.raises(ExperimentError, match="xray experiment close"):
        acts.open_experiment(recommended.ramp, recommended.ramp.model_names[1], 1, **COMPLAINTS)


def test_the_previous_champion_is_one_step_away_also_after_a_later_experiment(
    make_world: Callable[..., World],
) -> None:
    world = make_world()
    world.run(EndpointChange())
    world.decide("PROMOTE")
    while not world.experiment.is_settled:
        world.step()
    keras, torch = world.experiment.champion, world.experiment.challenger
    acts.open_experiment(world.ramp, keras.model, 1, **COMPLAINTS)
    later = world.experiment
    assert (later.champion, later.is_running) == (torch, True)
    acts.roll_back(world.ramp, to_previous=True, **COMPLAINTS)
    assert world.twin.now
    assert world.twin.now.traffic == {keras.served_name: 100}
    assert world.registry.aliases(world.ramp.model_names)["champion"] == (keras.model, 1)
    assert (world.experiment.winner, world.experiment.is_settled) == (keras, True)
    states = {one.experiment_id: one.state for one in world.states()}
    assert states[later.experiment_id] == "rolled_back"
    with pytest.raises(ExperimentError, match="nothing to go back to"):
        acts.roll_back(world.ramp, to_previous=True, **COMPLAINTS)
    assert world.twin.now.traffic == {keras.served_name: 100}


@pytest.mark.parametrize("write", range(1, 8))
def test_a_crashed_return_to_the_previous_champion_is_finished_or_said_again(
    make_world: Callable[..., World], write: int
) -> None:
    world = make_world()
    world.run(EndpointChange())
    world.decide("PROMOTE")
    while not world.experiment.is_settled:
        world.step()
    keras = world.experiment.champion
    acts.open_experiment(world.ramp, keras.model, 1, **COMPLAINTS)
    with counted_calls(), dg.DagsterInstance.ephemeral() as instance:
        PLAN.left, PLAN.writes_only, PLAN.mode = write, True, "before"
        world.act(lambda ramp: acts.roll_back(ramp, to_previous=True, **COMPLAINTS))
        if world.experiment.winner != keras:
            acts.roll_back(world.ramp, to_previous=True, **COMPLAINTS)
        while change := world.tick(instance):
            world.run(change)
    assert world.experiment.is_settled
    assert world.twin.now
    assert world.twin.now.traffic == {keras.served_name: 100}
    assert world.registry.aliases(world.ramp.model_names)["champion"] == (keras.model, 1)
