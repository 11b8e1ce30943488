"""Try it: a film through the room to a real endpoint, as a trial."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from xray_assets.catalog import ENDPOINT_NAME, TRIAL
from xray_assets.room.try_it.trial import film_limit
from xray_assets.settings import Settings
from xray_assets.web.sign_in.record import PeopleRecord
from xray_assets_tests.room.visitor import Visitor, csrf_in, room_with
from xray_assets_tests.serving.server_process import (
    Server,
    ab_config,
    artifacts,
    encoded,
    film_pixels,
)

FILM = encoded(film_pixels())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("state"), {"XRAY_ENDPOINT_BODY_BYTES": "100000"})
    started.digests = artifacts(started.state)
    started.start()
    started.create(ab_config(*started.digests), ENDPOINT_NAME)
    yield started
    assert started.stop() == 0


@pytest.fixture
def settings(server: Server) -> Settings:
    port = urlsplit(server.url).port
    return Settings(state=server.state, endpoint_port=port, endpoint_body_bytes=100_000)


def visitor(settings: Settings, role: str) -> Visitor:
    (settings.state / "accounts.json").unlink(missing_ok=True)
    made = Visitor(room_with(settings, someone=role))
    made.sign_in("someone")
    return made


def send(one: Visitor, film: bytes, **headers: str):
    given = {"accept": "application/json", "content-type": "application/octet-stream"} | headers
    return one.send("POST", "/try", content=film, headers=given)


@pytest.mark.parametrize("role", ["viewer", "engineer", "approver"])
def test_a_film_is_answered_by_the_live_endpoint_and_logged_as_a_trial(
    settings: Settings, server: Server, role: str
) -> None:
    one = visitor(settings, role)
    csrf = csrf_in(one.get("/try"))
    answer = send(one, FILM, **{"x-csrf-token": csrf})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (row,) = [row for row in server.rows(ENDPOINT_NAME) if row["request_id"] == told["request_id"]]
    assert row["purpose"] == TRIAL
    assert (row["prediction"], row["threshold"]) == (told["probability"], told["threshold"])
    assert row["served_model_name"] == told["served_model_name"]
    assert told["label"] == ("pneumonia" if row["predicted_label"] else "no pneumonia")
    entry = PeopleRecord(settings).rows(last=1)[0]
    assert (entry.event, entry.by, entry.about) == ("film_tried", "someone", told["request_id"])


def test_what_cannot_be_tried_is_refused_with_a_sentence(settings: Settings) -> None:
    one = visitor(settings, "engineer")
    csrf = {"x-csrf-token": csrf_in(one.get("/try"))}
    for film, status, words in (
        (b"", 400, "choose a film"),
        (b"no film at all", 400, "image"),
        (b"0" * (film_limit(settings) + 1), 413, "too large|over"),
    ):
        answer = send(one, film, **csrf)
        assert answer.status_code == status, answer.text
        assert any(word in answer.json()["message"] for word in words.split("|")), answer.text
    assert send(one, FILM).status_code == 403
    assert send(one, FILM, **{"x-csrf-token": "0" * 64}).status_code == 403
    nowhere = visitor(settings.model_copy(update={"endpoint_port": 9}), "engineer")
    answer = send(nowhere, FILM, **{"x-csrf-token": csrf_in(nowhere.get("/try"))})
    assert (answer.status_code, "xray up" in answer.json()["message"]) == (503, True)


def test_who_reads_tries_nothing(settings: Settings) -> None:
    reader = visitor(settings, "reader")
    csrf = csrf_in(reader.get("/account"))
    assert send(reader, FILM, **{"x-csrf-token": csrf}).status_code == 403
