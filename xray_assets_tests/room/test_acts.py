"""What people decide in the room: by a page, by a program, by two people, twice, too late. Real
tables, registry and accounts; only the endpoint is in memory.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from benchmarks.rollout.crashes import PLAN, EndpointInMemory
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.deployments import DEPLOYMENTS
from xray_assets.resources.local.roles import roles as local_roles
from xray_assets.rollout.state import read_state
from xray_assets.settings import Settings
from xray_assets.web.account_changes import new_token
from xray_assets_tests.room.visitor import Visitor, room_with

PEOPLE = {
    "ada": "approver",
    "grace": "approver",
    "edsger": "engineer",
    "vera": "viewer",
    "rita": "reader",
}


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with two registered models."""
    state = tmp_path_factory.mktemp("state")
    register_two_models(Settings(state=state))
    return state


@pytest.fixture
def world(tmp_path: Path, registered: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An experiment at 50 with a PROMOTE that two people must approve."""
    logging.disable(logging.INFO)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    settings = Settings(
        state=registered,
        lake_uri=str(tmp_path / "lake"),
        promotion="recommend",
        approvers=2,
        ramp_dwell_seconds=0,
        ramp_dwell_requests=0,
    )
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
def room(world: World) -> FastAPI:
    (world.settings.state / "accounts.json").unlink(missing_ok=True)
    return room_with(world.settings, **PEOPLE)


def signed_in(room: FastAPI, name: str) -> Visitor:
    visitor = Visitor(room)
    assert visitor.sign_in(name).status_code == 303
    return visitor


def say(visitor: Visitor, act: str, **fields: str) -> httpx.Response:
    """Fill in the form of an act as the page has it now; `fields` on top of it."""
    page = visitor.get("/acts").text
    form = re.search(rf'action="/acts/{act}".*?</form>', page, re.S)
    shown = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0] if form else ""))
    shown.setdefault("csrf", re.findall(r'name="csrf" content="(\w+)"', page)[0])
    wanted = re.search(r"type <code[^>]*>([^<]+)</code>", form[0] if form else "")
    shown["confirmation"] = wanted[1] if wanted else "-"
    shown["reason"] = f"{visitor.peer} looked"
    return visitor.send("POST", f"/acts/{act}", data=shown | fields)


def alert(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1] if found else ""


def test_a_step_takes_two_people_and_going_back_takes_one(world: World, room: FastAPI) -> None:
    ada, grace = signed_in(room, "ada"), signed_in(room, "grace")
    assert say(ada, "promote").status_code == 303
    assert world.experiment.stage == 50
    twice = say(ada, "promote")
    assert (twice.status_code, world.experiment.stage) == (400, 50)
    assert "another person" in alert(twice)
    assert say(grace, "promote").headers["location"] == "/acts?done=promote"
    assert (world.experiment.stage, world.experiment.decided_by) == (70, "ada and grace")
    assert say(ada, "rollback", reason="complaints").status_code == 303
    assert (world.experiment.state, world.experiment.closed_by) == ("rolled_back", "ada")
    assert world.experiment.cause == "rollback by ada: complaints"
    assert world.twin.now and world.twin.now.traffic == {world.experiment.champion.served_name: 100}
    assert "Roll back: done" in ada.get("/acts?done=rollback").text


def test_a_click_that_comes_twice_is_said_once(world: World, room: FastAPI) -> None:
    ada = signed_in(room, "ada")
    page = ada.get("/acts").text
    csrf = re.findall(r'name="csrf" content="(\w+)"', page)[0]
    generation = read_state(world.tables).generation
    form = {"csrf": csrf, "generation": str(generation), "reason": "complaints"}
    form["confirmation"] = world.experiment.champion.served_name
    first, second = (ada.send("POST", "/acts/rollback", data=form) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 409)
    assert "changed since you looked" in alert(second)
    assert world.experiment.cause == "rollback by ada: complaints"


WRONG = (
    ({"confirmation": "something else"}, "type "),
    ({"confirmation": ""}, "confirmation"),
    ({"reason": "  "}, "reason"),
    ({"generation": "99"}, "changed since you looked"),
    ({"generation": "x"}, "generation"),
    ({"surplus": "1"}, "surplus"),
)


def test_what_is_not_filled_in_right_changes_nothing(world: World, room: FastAPI) -> None:
    before, ada = read_state(world.tables), signed_in(room, "ada")
    for fields, why in WRONG:
        refused = say(ada, "rollback", **fields)
        assert refused.status_code in (400, 409), fields
        assert why in alert(refused)
    assert read_state(world.tables) == before


def test_who_may_not_decide_it_decides_nothing(world: World, room: FastAPI) -> None:
    before = read_state(world.tables)
    champion, last = world.experiment.champion.served_name, world.experiment.experiment_id
    tried = (
        ("vera", "rollback", champion, 403),
        ("edsger", "promote", last, 403),
        ("ada", "open", champion, 403),
        ("ada", "set-share", last, 403),
        ("rita", "rollback", champion, 403),
        ("ada", "delete-everything", last, 404),
    )
    for name, act, confirmation, status in tried:
        visitor = signed_in(room, name)
        csrf = re.findall(r'name="csrf" content="(\w+)"', visitor.get("/account").text)[0]
        form = {"generation": str(before.generation), "confirmation": confirmation, "reason": "r"}
        answer = visitor.send("POST", f"/acts/{act}", data=form | {"csrf": csrf})
        assert answer.status_code == status, (name, act)
    forged = signed_in(room, "ada").send("POST", "/acts/rollback", data=form)
    assert forged.status_code == 403
    assert read_state(world.tables) == before
    assert "nothing that your role (viewer) may decide" in signed_in(room, "vera").get("/acts").text


def test_an_engineer_closes_opens_and_sets_the_share(world: World, room: FastAPI) -> None:
    edsger, first = signed_in(room, "edsger"), world.experiment
    assert say(edsger, "set-share", share="20").status_code == 303
    assert (world.experiment.stage, world.experiment.decided_by) == (20, "edsger")
    assert "more takes a PROMOTE" in alert(say(edsger, "set-share", share="90"))
    assert say(edsger, "close").status_code == 303
    rival = first.challenger
    opened = {"model": rival.model, "version": "1", "confirmation": rival.served_name}
    assert say(edsger, "open", **opened).status_code == 303
    assert world.experiment.opened_by == "edsger"
    assert world.experiment.experiment_id != first.experiment_id or world.experiment.is_running


def test_a_program_says_it_by_token_and_a_cookie_says_nothing_there(
    world: World, room: FastAPI
) -> None:
    token = new_token(world.settings, "ada", by="test")
    program = Visitor(room, headers={"accept": "application/json"})
    bearer = {"authorization": f"Bearer {token}"}
    now = program.get("/api/acts", headers=bearer).json()
    assert now["acts"]["rollback"]["confirmation"] == world.experiment.champion.served_name
    body = {
        "generation": now["generation"],
        "confirmation": world.experiment.champion.served_name,
        "reason": "complaints",
    }
    for headers in ({}, {"authorization": "Bearer 0"}):
        refused = signed_in(room, "ada").send(
            "POST", "/api/acts/rollback", json=body, headers=headers
        )
        assert refused.status_code == 401
    viewer = {"authorization": f"Bearer {new_token(world.settings, 'vera', by='test')}"}
    assert program.send("POST", "/api/acts/rollback", json=body, headers=viewer).status_code == 403
    said = program.send("POST", "/api/acts/rollback", json=body, headers=bearer)
    assert (said.status_code, said.json()["decided_by"]) == (200, "ada")
    again = program.send("POST", "/api/acts/rollback", json=body, headers=bearer)
    assert (again.status_code, again.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
    assert world.experiment.cause == "rollback by ada: complaints"


def test_the_operators_token_is_nobodys_second_approval(world: World, room: FastAPI) -> None:
    token = (world.settings.state / "token").read_text().strip()
    program = Visitor(room, headers={"authorization": f"Bearer {token}"})
    now = program.get("/api/acts").json()
    body = {
        "generation": now["generation"],
        "confirmation": world.experiment.experiment_id,
        "reason": "looked",
    }
    refused = program.send("POST", "/api/acts/promote", json=body)
    assert refused.status_code == 400
    assert "an account of their own" in refused.json()["message"]
    assert hashlib.sha256(token.encode()).hexdigest() not in refused.text
