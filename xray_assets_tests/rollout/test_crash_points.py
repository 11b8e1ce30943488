"""A small part of benchmarks/rollout/crash_points.py: ramps with crashes at random points."""

import logging
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from benchmarks.rollout.crash_points import ramp_with_crashes
from benchmarks.rollout.crashes import counted_calls
from benchmarks.rollout.ramp_world import register_two_models
from xray_assets.settings import Settings

SEEDS = range(1000, 1015)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The registry of all ramps: making its database takes seconds."""
    found = Settings(state=tmp_path_factory.mktemp("registry"))
    register_two_models(found)
    return found


@pytest.fixture(scope="module")
def instance() -> Iterator[dg.DagsterInstance]:
    logging.disable(logging.INFO)
    with dg.DagsterInstance.ephemeral() as made, counted_calls():
        yield made
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_crashed_ramp_ends_where_it_should_and_skips_and_repeats_nothing(
    seed: int, tmp_path: Path, settings: Settings, instance: dg.DagsterInstance
) -> None:
    outcome = ramp_with_crashes(seed, tmp_path, settings, instance)
    assert outcome.crashed
    assert outcome.problems == []
