"""Whose word it is on the command line: an account's token, a wrong one, or none. Real tables,
registry and accounts; only the endpoint is in memory.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmarks.rollout.crashes import PLAN, EndpointInMemory
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.cli import app
from xray_assets.deployments import DEPLOYMENTS
from xray_assets.resources.local.roles import roles as local_roles
from xray_assets.rollout.state import read_state
from xray_assets.settings import Settings
from xray_assets.stack.environment import process_environment
from xray_assets.stack.state import prepare_state
from xray_assets.web.account_changes import add_account

GIVEN = {
    "PROMOTION": "recommend",
    "APPROVERS": "2",
    "RAMP_DWELL_SECONDS": "0",
    "RAMP_DWELL_REQUESTS": "0",
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An experiment at 50 with a PROMOTE that two people must approve."""
    logging.disable(logging.INFO)
    for name in [name for name in os.environ if name.upper().startswith("XRAY_")]:
        monkeypatch.delenv(name)
    places = {"STATE": str(tmp_path / "state"), "LAKE_URI": str(tmp_path / "lake")}
    for name, value in (GIVEN | places).items():
        monkeypatch.setenv(f"XRAY_{name}", value)
    settings = Settings()
    prepare_state(settings)
    for name, value in process_environment(settings).items():
        monkeypatch.setenv(name, value)
    register_two_models(settings)
    endpoint = EndpointInMemory(host=str(tmp_path))
    monkeypatch.setitem(
        DEPLOYMENTS, "local", lambda now: replace(local_roles(now), serving=endpoint)
    )
    made = World(tmp_path, settings)
    made.run(EndpointChange())
    made.decide("PROMOTE")
    yield made
    PLAN.on_alias = None
    logging.disable(logging.NOTSET)


@pytest.fixture
def token_of(world: World, tmp_path: Path) -> Callable[..., str]:
    """Makes an account; the path of a file with its token."""

    def make(name: str, role: str = "approver") -> str:
        path = tmp_path / f"{name} token"
        path.write_text(add_account(world.settings, name, role) + "\n")
        return str(path)

    return make


def said(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def approve(token: str) -> Result:
    return said("promote", "--approve", "--reason", "looked", "--token-file", token)


def test_two_people_approve_with_tokens_of_their_own_and_nobody_twice(
    world: World, token_of: Callable[..., str]
) -> None:
    ada, grace = token_of("Ada"), token_of("Grace")
    assert approve(ada).exit_code == 0
    first = world.experiment.approval
    assert first and (world.experiment.stage, first.by) == (50, "ada")
    assert "another person" in str(approve(ada).exception)
    assert world.experiment.stage == 50
    assert approve(grace).exit_code == 0
    assert (world.experiment.stage, world.experiment.decided_by) == (70, "ada and grace")
    assert world.twin.now
    assert world.twin.now.traffic[world.experiment.challenger.served_name] == 70


def test_a_word_of_nobody_or_of_another_role_changes_nothing(
    world: World, token_of: Callable[..., str], tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong token"
    wrong.write_text("0" * 64)
    ada, client = token_of("Ada"), token_of("gateway", "client")
    before = read_state(world.tables)
    unnamed = ("promote", "--approve", "--reason", "looked", "--by", "Dr. Smith")
    for refused, why in (
        (approve(str(wrong)), "holds no account's token"),
        (said("rollback", "--token-file", str(wrong)), "holds no account's token"),
        (approve(client), "client may not approve a promotion step"),
        (said("rollback", "--token-file", client), "client may not roll back"),
        (said("experiment", "close", "--token-file", client), "client may not roll back"),
        (said(*unnamed), "the token of an account of their own"),
        (said("rollback", "--by", "Dr. Smith", "--token-file", ada), "leave --by out"),
    ):
        assert refused.exit_code == 1
        assert why in str(refused.exception)
    assert read_state(world.tables) == before
    assert len(world.twin.served) == 1


@pytest.mark.parametrize("given", ["--token-file", "XRAY_TOKEN"])
def test_an_approver_rolls_back_under_the_name_of_the_account(
    world: World, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    token, options = token_of("Ada"), ()
    if given == "XRAY_TOKEN":
        monkeypatch.setenv(given, Path(token).read_text().strip())
    else:
        options = (given, token)
    assert said("rollback", "--reason", "complaints", *options).exit_code == 0
    assert (world.experiment.state, world.experiment.closed_by) == ("rolled_back", "ada")
    assert world.experiment.cause == "rollback by ada: complaints"
