"""What the review page's routes answer; the page itself: `browser/test_review.py`."""

from pathlib import Path
from uuid import uuid4

import pytest

from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.feedback.receiver import FeedbackReceiver
from xray_assets_tests.reading.made_room import made_room
from xray_assets_tests.room.visitor import Visitor, csrf_in, room_with


def test_a_read_that_cannot_be_stored_now_may_be_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _ = made_room(tmp_path, 1)
    reader = Visitor(room_with(settings, anna="reader"), headers={})
    reader.sign_in("anna")
    headers = {"x-csrf-token": csrf_in(reader.get("/account"))}
    held = reader.send("POST", "/review/leases", json={}, headers=headers).json()["lease"]
    read = {"commit_id": str(uuid4()), "read": {"read": "normal", "certainty": 4}}

    def full(*_: object) -> None:
        raise InboxUnavailable("the disk is full")

    def send() -> int:
        path = f"/review/leases/{held}/read"
        return reader.send("POST", path, json=read, headers=headers).status_code

    with monkeypatch.context() as broken:
        broken.setattr(FeedbackReceiver, "submit", full)
        assert send() == 503
    assert [send(), send()] == [200, 200]
