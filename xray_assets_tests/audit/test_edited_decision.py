"""A decision that was edited after it was made is not acted on: the ramp goes back."""

import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from deltalake import DeltaTable

from benchmarks.rollout.crashes import PLAN
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.settings import Settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """An experiment that stands at 50 % with a verdict of KEEP_TESTING."""
    logging.disable(logging.INFO)
    settings = Settings(state=tmp_path / "state")
    register_two_models(settings)
    made = World(tmp_path, settings)
    made.run(EndpointChange())
    made.decide("KEEP_TESTING")
    yield made
    PLAN.left = None
    logging.disable(logging.NOTSET)


def test_an_edited_verdict_rolls_back_instead_of_promoting(world: World) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert world.tick(instance) is None, "KEEP_TESTING asks for nothing"
        table = DeltaTable(world.tables.uri(PROMOTION_DECISION))
        table.update(updates={"verdict": "'PROMOTE'"})
        change = world.tick(instance)
        assert change is not None
        world.run(change)
    assert world.experiment.state == "rolled_back"
    assert "record" in world.experiment.cause and "edited" in world.experiment.cause
    assert world.twin.now and list(world.twin.now.traffic.values()) == [100]
