"""Who wakes late writes and serves nothing; a word that cannot be served yet stands, and can be
taken back. Real tables and registry; only the endpoint is in memory.
"""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.rollout.crashes import EndpointInMemory
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS
from xray_assets.errors import StaleWrite
from xray_assets.rollout import acts, changes
from xray_assets.rollout.carry_out import serve, settle
from xray_assets.rollout.experiment import ExperimentError
from xray_assets.rollout.served import EndpointUnreachable, StaleGeneration, Wanted
from xray_assets.rollout.state import read_state, save, waiting
from xray_assets.settings import Settings

WORD = {"by": "Ada", "reason": "complaints"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    logging.disable(logging.INFO)
    settings = Settings(state=tmp_path / "registry")
    register_two_models(settings)
    made = World(tmp_path, settings)
    made.run(EndpointChange())
    yield made
    logging.disable(logging.NOTSET)


def test_a_run_that_wakes_late_writes_and_serves_nothing(world: World) -> None:
    seen = read_state(world.tables)
    assert seen.last
    late = Wanted.by(seen.last, generation=seen.generation)
    acts.roll_back(world.ramp, **WORD)
    served, versions = list(world.twin.served), tables_of(world)
    with pytest.raises(StaleGeneration, match=r"generation 3, this run holds 1"):
        serve(world.ramp, late)
    with pytest.raises(StaleGeneration):
        settle(world.ramp, late, seen.last)
    with pytest.raises(StaleWrite):
        save(world.tables, [seen.last], seen=seen.generation)
    assert (world.twin.served, tables_of(world)) == (served, versions)


def test_of_two_that_open_an_experiment_one_does(world: World) -> None:
    acts.close(world.ramp, **WORD)
    state = read_state(world.tables)
    assert state.last
    last, now = state.last, datetime.now(UTC)
    made = {
        "rule_hash": "r",
        "review_policy_hash": "p",
        "starting_share": 50,
        "now": now,
        "by": "Ada",
    }
    first = changes.opened(state, last.champion, last.challenger, **made)
    save(world.tables, first, seen=state.generation)
    with pytest.raises(StaleWrite):
        save(world.tables, first, seen=state.generation)
    assert sum(one.is_running for one in read_state(world.tables).experiments) == 1


def test_a_word_about_what_has_changed_since_is_not_said(world: World) -> None:
    seen = read_state(world.tables).generation
    acts.set_share(world.ramp, 20, **WORD, seen=seen)
    before, served = tables_of(world), list(world.twin.served)
    for late in (
        lambda: acts.set_share(world.ramp, 20, **WORD, seen=seen),  # the second of a double click
        lambda: acts.roll_back(world.ramp, **WORD, seen=seen),
        lambda: acts.close(world.ramp, **WORD, seen=seen),
    ):
        with pytest.raises(StaleWrite, match="share set to 20 by Ada"):
            late()
    assert (tables_of(world), list(world.twin.served)) == (before, served)


def test_a_rollback_that_cannot_be_served_stands_until_it_is_taken_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object) -> None:
        raise EndpointUnreachable("nothing answers")

    with monkeypatch.context() as patch:
        patch.setattr(EndpointInMemory, "served", down)
        outcome = acts.roll_back(world.ramp, **WORD)
        assert outcome.not_served == "nothing answers"
        assert "not yet served" in waiting(world.tables)
        acts.withdraw(world.ramp, **WORD)
    assert waiting(world.tables) == ""
    assert (world.experiment.state, world.experiment.stage) == ("open", 50)
    acts.roll_back(world.ramp, **WORD)
    with pytest.raises(ExperimentError, match="served already"):
        acts.withdraw(world.ramp, **WORD)


def tables_of(world: World) -> list[int | None]:
    return [world.tables.version(key) for key in (EXPERIMENTS, ENDPOINT_CONFIG)]
