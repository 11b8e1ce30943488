"""Every page of the room, by role: who reads sees nothing of the models, who sees them reads
nothing, without an account nobody sees anything. A page that is added is asked without being named.
"""

import re

import pytest
from fastapi import FastAPI

from xray_assets.room.application import PAGES
from xray_assets.room.door import OPEN_PATHS
from xray_assets.settings import Settings
from xray_assets.web.account_changes import new_token
from xray_assets.web.roles import PEOPLE, Account, Act, Role
from xray_assets_tests.room.visitor import Visitor, csrf_in, room_with

OF_EVERYBODY = {"/", "/account", "/account/password", "/login", "/logout", "/health"}
ROUTES = sorted(
    (method, re.sub(r"{.*?}", "1", route.path))
    for router in PAGES
    for route in router.routes
    for method in route.methods
    if route.path not in OF_EVERYBODY
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(state=tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def room(settings: Settings) -> FastAPI:
    return room_with(settings, **{role.value: role for role in PEOPLE})


def statuses(one: Visitor, wanted: list[tuple[str, str]], **headers: str) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for method, path in wanted:
        answer = one.send(method, path, headers=headers, json={})
        found.setdefault(answer.status_code, []).append(f"{method} {path}")
    return found


@pytest.mark.parametrize("role", PEOPLE)
def test_who_reads_sees_no_model_and_who_sees_models_reads_nothing(
    room: FastAPI, settings: Settings, role: Role
) -> None:
    one = Visitor(room)
    one.sign_in(role)
    token = {"x-csrf-token": csrf_in(one.get("/account"))}
    token["authorization"] = f"Bearer {new_token(settings, role)}"
    reads = Account(role, role).may(Act.READ)
    refused = [(method, path) for method, path in ROUTES if path.startswith("/review") != reads]
    assert refused
    assert set(statuses(one, refused, **token)) == {403}


def test_without_an_account_nobody_sees_anything(room: FastAPI) -> None:
    assert OPEN_PATHS < OF_EVERYBODY
    assert set(statuses(Visitor(room, headers={}), ROUTES)) == {401}
