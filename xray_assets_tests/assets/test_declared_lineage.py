"""Declared upstreams are the tables that are read: every asset runs once in one real world, and
every look at a table is recorded.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import dagster as dg
import pytest

from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.catalog import (
    BACKTESTS,
    ERASURES,
    PYTORCH_CLASSIFIER,
    RETRAINING_REQUESTS,
    Key,
)
from xray_assets.contracts.lineage import BACK_EDGE, COLUMN_ORIGINS, THROUGH_THE_ENDPOINT
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import STAGES, build_definitions
from xray_assets.deployments import resources
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.training import Result, Training
from xray_assets.retraining import requests
from xray_assets.settings import Settings
from xray_assets.training.gates import GATES
from xray_assets_tests.logged_world import LoggedWorld
from xray_assets_tests.retraining.made_world import filled

LOOKS = ("read", "version", "snapshot", "added_since", "row_count", "position")
GRAPH = build_definitions(Settings()).resolve_asset_graph()
ORDER = GRAPH.toposorted_asset_keys
ASSETS: list[dg.AssetsDefinition] = sorted(
    (asset for asset in dg.load_assets_from_modules(STAGES) if hasattr(asset, "op")),  # type: ignore[misc]
    key=lambda asset: min(ORDER.index(key) for key in asset.keys),
)


class Trained(Training):
    """A training that has passed: what a family makes of its films is not asked here."""

    def export_films(self, *_: Any, **__: Any) -> str:
        return "films"

    def left_by(self, *_: Any, **__: Any) -> Any:
        raise NoCandidate

    def candidate_folder(self, run_id: str) -> str:
        return run_id

    def search(self, *_: Any, **__: Any) -> Any:
        raise NoCandidate

    def train(self, *_: Any, **__: Any) -> Iterator[Result]:
        yield from (dg.AssetCheckResult(passed=True, check_name=name) for name in GATES)
        yield dg.MaterializeResult()


class NoCandidate(Exception):
    """What a candidate is made of was read by then."""


def tables_of(keys: Any) -> set[Key]:
    return {tuple(key.path) for key in keys} & CONTRACTS.keys()


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Key]]:
    """By asset definition: the tables that it looked at, without its own."""
    state = tmp_path_factory.mktemp("world") / "state"
    world = LoggedWorld(state, films=12)
    world.read(world.predict(30, 3_600_000_000)[:20])
    settings = Settings(state=state, source="phantom", image_limit=12)
    register_two_models(settings)
    room = resources(settings).by_name() | {"training": Trained()}
    ramp = World(state, settings, experiment_max_days=10_000)
    ramp.run(EndpointChange())
    looked: set[Key] = set()
    with pytest.MonkeyPatch.context() as patch:
        for name in LOOKS:
            patch.setattr(LocalDelta, name, recorded(getattr(LocalDelta, name), looked))
        ask_for_a_candidate(settings)
        patch.setattr(requests, "of_run", lambda tables, _: requests.read_requests(tables)[0])
        found = {}
        for asset in ASSETS:
            looked.clear()
            of_ramp = {"ramp": ramp.ramp} if asset.op.name == "endpoint_config" else {}
            with suppress(NoCandidate):
                dg.materialize([asset], resources=room | of_ramp, run_config=config(asset, ramp))
            found[asset.op.name] = looked - tables_of(asset.keys)
        return found


def ask_for_a_candidate(settings: Settings) -> None:
    """The request that every run of this world carries out."""
    told = {"request_id": "asked", "triggers": "manual", "state": "running", "method": "retrain"}
    row = filled(RETRAINING_REQUESTS, **told, evidence='{"standing": {"since": null}}')
    requests.save(resources(settings).tables, row)


def recorded(look: Any, looked: set[Key]) -> Any:
    def looking(self: LocalDelta, key: Key, *more: Any) -> Any:
        looked.add(key)
        return look(self, key, *more)

    return looking


def config(asset: dg.AssetsDefinition, ramp: World) -> dict[str, Any]:
    if asset.op.name == "endpoint_config":
        asked = {"action": "step", "generation": ramp.experiment.generation}
    elif tables_of(asset.keys) == {RETRAINING_REQUESTS}:
        asked = {"ask": "due"}
    elif asset.op.name == "models__search":
        asked = {"family": "filterbank"}
    elif tables_of(asset.keys) == {BACKTESTS}:
        asked = {"model": ramp.settings.catalog.table(PYTORCH_CLASSIFIER), "version": 1}
    else:
        return {}
    return {"ops": {asset.op.name: {"config": asked}}}


def declared(asset: dg.AssetsDefinition) -> set[Key]:
    return {
        key
        for spec in asset.specs
        for key in tables_of(dep.asset_key for dep in spec.deps) - tables_of(asset.keys)
    }


def named(edges: Mapping[Key, frozenset[Key]], asset: dg.AssetsDefinition) -> set[Key]:
    return {table for key in tables_of(asset.keys) for table in edges.get(key, ())}


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.op.name)
def test_declared_upstreams_are_the_tables_that_are_read(
    asset: dg.AssetsDefinition, read: dict[str, set[Key]]
) -> None:
    expected = (declared(asset) - named(THROUGH_THE_ENDPOINT, asset)) | named(BACK_EDGE, asset)
    assert read[asset.op.name] - {ERASURES} == expected  # no asset: a record of acts


def test_the_back_edge_leads_back_and_is_not_declared() -> None:
    for key, upstreams in BACK_EDGE.items():
        for table in upstreams:
            assert dg.AssetKey(key) in GRAPH.get_ancestor_asset_keys(dg.AssetKey(table))
    for key, upstreams in THROUGH_THE_ENDPOINT.items():
        parents = GRAPH.get(dg.AssetKey(key)).parent_keys
        assert {dg.AssetKey(table) for table in upstreams} <= parents


@pytest.mark.parametrize("table", COLUMN_ORIGINS, ids=".".join)
def test_a_column_comes_from_tables_that_its_asset_reads(
    table: Key, read: dict[str, set[Key]]
) -> None:
    (asset,) = (asset for asset in ASSETS if table in tables_of(asset.keys))
    origins = {key for found in COLUMN_ORIGINS[table].values() for key, _ in found}
    assert origins <= read[asset.op.name] | tables_of(asset.keys)
