"""gold/experiments and gold/endpoint_config where no endpoint answers: real tables, registry, asset
and sensor; only the endpoint is in memory.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from benchmarks.rollout.crashes import EndpointInMemory
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import endpoint_config
from xray_assets.catalog import ENDPOINT_CONFIG
from xray_assets.definitions import build_definitions
from xray_assets.jobs import evaluate
from xray_assets.rollout.served import EndpointUnreachable
from xray_assets.rollout.state import first_one_waits
from xray_assets.settings import Settings


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    logging.disable(logging.ERROR)
    settings = Settings(state=tmp_path / "registry")
    register_two_models(settings)
    yield World(tmp_path, settings)
    logging.disable(logging.NOTSET)


@contextmanager
def no_endpoint() -> Iterator[None]:
    def unreachable(_: object) -> None:
        raise EndpointUnreachable("no endpoint answers: start it with `xray up`")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EndpointInMemory, "served", unreachable)
        yield


def materialized(world: World) -> dg.ExecuteInProcessResult:
    return dg.materialize([endpoint_config], resources={"ramp": world.ramp}, raise_on_error=False)


def test_the_first_experiment_waits_for_an_endpoint_and_the_sensor_serves_it(world: World) -> None:
    """What follows the endpoint in the lineage is green too."""
    instance = dg.DagsterInstance.ephemeral()
    assert not first_one_waits(world.tables)
    with no_endpoint():
        made = materialized(world)
        assert world.tick(instance) is None
    assert made.success
    for event in made.get_asset_materialization_events():
        told = event.materialization.metadata["not_served_yet"].value
        assert "`xray up`" in str(told)
    rest = build_definitions(world.settings, ramp=world.ramp).resolve_job_def(evaluate.name)
    done = rest.execute_in_process(instance=instance)
    assert [
        check.check_name for check in done.get_asset_check_evaluations() if not check.passed
    ] == []
    assert (world.experiment.state, world.tables.row_count(ENDPOINT_CONFIG)) == ("open", 0)
    asked = world.tick(instance)
    assert asked is not None
    assert world.run(asked)
    assert world.twin.now is not None
    assert world.twin.now.traffic == world.experiment.wanted_traffic()


def test_without_an_endpoint_it_fails_once_something_was_served(world: World) -> None:
    assert materialized(world).success
    with no_endpoint():
        assert not materialized(world).success
    assert materialized(world).success
