"""The worklist: blind, one reader a film, by lease."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from xray_assets.feedback import submit_feedback
from xray_assets.feedback.api.routes import feedback_api
from xray_assets.feedback.worklist import LEASE_SECONDS, Worklist
from xray_assets.web.account_changes import add_account
from xray_assets.web.refusals import UnknownEndpoint
from xray_assets_tests.feedback.scenery import endpoint_log, request_id, settings

NOW = datetime.now(UTC)
IDS = [request_id(NOW) for _ in range(6)]
FAILED = request_id(NOW)
PIXELS = np.arange(96 * 80, dtype=np.uint8).reshape(96, 80)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    film = io.BytesIO()
    Image.fromarray(PIXELS).save(film, "PNG")
    rows = [(name, number % 2, NOW) for number, name in enumerate(IDS)]
    endpoint_log(tmp_path, [*rows, (FAILED, None, NOW)], film.getvalue())
    return tmp_path


@pytest.fixture
def api(state: Path) -> Iterator[TestClient]:
    with TestClient(feedback_api(settings(state)), base_url="http://localhost") as client:
        client.headers["Authorization"] = f"Bearer {add_account(settings(state), 'a', 'reader')}"
        yield client


def test_what_was_answered_and_not_read_waits_in_an_order_that_says_nothing(state: Path) -> None:
    worklist = Worklist(settings(state))
    waiting = worklist.waiting()
    assert {film.request_id for film in waiting} == set(IDS)
    assert [film.item for film in waiting] == sorted(film.item for film in waiting)
    submit_feedback(IDS[0], radiologist_id="b", read="normal", settings=settings(state))
    assert {film.request_id for film in worklist.waiting()} == set(IDS[1:])


def test_a_lease_is_one_readers_and_survives_a_restart(state: Path) -> None:
    held = Worklist(settings(state)).lease("a")
    again = Worklist(settings(state))
    assert len(again.waiting()) == 5
    assert again.request_of(held.lease, "a") in IDS
    with pytest.raises(UnknownEndpoint):
        again.request_of(held.lease, "b")
    others = {again.request_of(again.lease("b").lease, "b") for _ in range(5)}
    assert others | {again.request_of(held.lease, "a")} == set(IDS)
    with pytest.raises(UnknownEndpoint, match="waits"):
        again.lease("c")


def test_a_lease_ends(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worklist = Worklist(settings(state))
    held = worklist.lease("a")
    later = NOW.timestamp() + 2 * LEASE_SECONDS
    monkeypatch.setattr("time.time", lambda: later)
    assert len(worklist.waiting()) == 6
    with pytest.raises(UnknownEndpoint):
        worklist.film(held.lease, "a")


def test_a_reader_works_blind_from_worklist_to_read(api: TestClient, state: Path) -> None:
    todo = api.get("/worklist")
    lease = api.post("/worklist/lease", params={"item": todo.json()["items"][2]})
    film = api.get(f"/worklist/films/{lease.json()['lease']}")
    assert (np.asarray(Image.open(io.BytesIO(film.content))) == PIXELS).all()
    read = api.post(f"/worklist/reads/{lease.json()['lease']}", json={"read": "normal"})
    assert read.status_code == 200 and read.json().keys() == {"feedback_id"}
    told = todo.text + lease.text + read.text + str(film.headers)
    assert not any(word in told for word in (*IDS, "prediction", "positive", "negative", "0.8"))
    assert api.get("/worklist").json()["waiting"] == 5


@pytest.mark.parametrize("token", ["client", "operator"])
def test_only_readers_take_films(api: TestClient, token: str) -> None:
    lease = api.post("/worklist/lease").json()["lease"]
    api.headers["Authorization"] = f"Bearer {token}"
    for method, path in (
        ("GET", "/worklist"),
        ("POST", "/worklist/lease"),
        ("GET", f"/worklist/films/{lease}"),
        ("POST", f"/worklist/reads/{lease}"),
    ):
        assert api.request(method, path, json={}).status_code == 403
