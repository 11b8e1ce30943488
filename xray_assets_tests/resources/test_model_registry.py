import inspect

import pytest

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.databricks.registry import DatabricksRegistry
from xray_assets.resources.local.registry import LocalRegistry
from xray_assets.resources.registry import Registry

CALLS = {
    "latest": ("c.models.m",),
    "versions": ("c.models.m",),
    "figures": ("run",),
    "parameters": ("run",),
    "version": ("c.models.m", 1),
    "fetch": ("c.models.m", 1),
    "aliases": (["c.models.m"],),
    "reconcile_aliases": ({}, ["c.models.m"]),
}


def test_every_call_of_the_role_is_listed_here():
    assert Registry.__abstractmethods__ == CALLS.keys()


@pytest.mark.parametrize("call", sorted(CALLS))
def test_each_call_on_databricks_says_that_it_comes_later(call):
    with pytest.raises(NotYetOnDatabricks, match="not connected to Databricks yet"):
        getattr(DatabricksRegistry(), call)(*CALLS[call])


@pytest.mark.parametrize("call", sorted(CALLS))
def test_both_twins_take_the_same_arguments(call):
    twins = [inspect.signature(getattr(twin, call)) for twin in (LocalRegistry, DatabricksRegistry)]
    assert twins[0] == twins[1]


def test_a_fresh_local_registry_is_empty_and_makes_its_own_folder(tmp_path):
    registry = LocalRegistry(
        tracking_uri=f"sqlite:///{tmp_path}/mlflow/mlflow.db", cache=str(tmp_path / "artifacts")
    )
    assert registry.latest("c.models.m") is None
    assert registry.aliases(["c.models.m"]) == {}
    assert registry.reconcile_aliases({"champion": None}, ["c.models.m"]) == []
