"""Notices over real HTTP and SMTP: each to each address once, whatever breaks."""

import hmac
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from xray_assets.notices.by_email import Email, MailServer
from xray_assets.notices.by_webhook import Webhook
from xray_assets.notices.deliveries import Deliveries, Delivery
from xray_assets.notices.notice import Attachment, Notice, NotSent, Sender
from xray_assets_tests.notices.servers import Chat, MailBox, running

REPORT = Notice(
    "report/2026-11-20",
    "Daily report",
    "KEEP_TESTING: 184 more reads",
    (Attachment("report.html", b"<p>figures</p>", "text/html"),),
)


@pytest.fixture
def deliveries(tmp_path: Path) -> Deliveries:
    return Deliveries(tmp_path / "new" / "deliveries.sqlite")


def sent(deliveries: Deliveries, sender: Sender) -> Delivery:
    (delivery,) = deliveries.send(REPORT, [sender])
    return delivery


def test_a_webhook_gets_a_notice_once_and_its_secret_is_not_shown(deliveries: Deliveries) -> None:
    chat = Chat()
    with running(chat):
        first, second = (sent(deliveries, Webhook(chat.url)) for _ in range(2))
    assert (first.state, first.is_new) == ("sent", True)
    assert (second.state, second.is_new) == ("sent", False)
    (came,) = chat.came
    body = json.loads(came.body)
    assert came.headers["idempotency-key"] == body["key"] == REPORT.key
    assert body["text"] == REPORT.text
    assert "secret" not in str(first) and "127.0.0.1" in str(first)


def test_what_was_refused_is_tried_again_and_then_sent_once(deliveries: Deliveries) -> None:
    chat = Chat()
    with running(chat):
        chat.status = 503
        assert "503" in sent(deliveries, Webhook(chat.url)).problem
        chat.status = 200
        assert [sent(deliveries, Webhook(chat.url)).state for _ in range(2)] == ["sent", "sent"]
    assert len(chat.came) == 2


def test_what_may_have_arrived_is_not_sent_again(deliveries: Deliveries) -> None:
    chat, post = Chat(), MailBox()
    chat.status, post.breaks_off = 0, True
    with running(chat), running(post):
        for sender in (Webhook(chat.url), post.to("ada@clinic.test")):
            states = [sent(deliveries, sender).state for _ in range(2)]
            assert states == ["sending", "sending"]
    assert len(chat.came) == 1


def test_a_process_that_dies_while_it_sends_leaves_nothing_to_be_sent_twice(
    deliveries: Deliveries,
) -> None:
    class Killed(BaseException):
        pass

    class Dies:
        address = "ada@clinic.test"

        def send(self, notice: Notice) -> None:
            raise Killed

    with pytest.raises(Killed):
        sent(deliveries, Dies())
    again = sent(deliveries, Dies())
    assert (again.state, again.is_new) == ("sending", False)
    assert "cut off" in str(again)


def test_each_address_gets_one_email_with_the_report(deliveries: Deliveries) -> None:
    post = MailBox()
    people = [post.to("ada@clinic.test"), post.to("grace@clinic.test")]
    with running(post):
        for _ in range(2):
            assert {one.state for one in deliveries.send(REPORT, people)} == {"sent"}
    assert len(post.came) == 2
    for letter, address in zip(post.came, ("ada", "grace"), strict=True):
        assert f"To: {address}@clinic.test" in letter
        assert "Subject: Daily report" in letter and 'filename="report.html"' in letter
    ids = [line for letter in post.came for line in letter.splitlines() if "Message-ID" in line]
    assert len(set(ids)) == 2


def _closed_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@pytest.mark.parametrize(
    "sender",
    [
        lambda port: Webhook(f"http://127.0.0.1:{port}/"),
        lambda port: Email("a@b.test", MailServer("127.0.0.1", port, "none", "", "", "x@b.test")),
    ],
)
def test_where_nothing_answers_the_problem_is_said(
    deliveries: Deliveries, sender: Callable[[int], Sender]
) -> None:
    found = sent(deliveries, sender(_closed_port()))
    assert found.state == "not_sent"
    assert "127.0.0.1" in found.problem and "not sent" in str(found)


def test_an_address_that_is_refused_keeps_nobody_else_from_the_report(
    deliveries: Deliveries,
) -> None:
    post, chat = MailBox(), Chat()
    post.refuses = True
    with running(post), running(chat):
        states = deliveries.send(REPORT, [post.to("nobody@clinic.test"), Webhook(chat.url)])
    assert [one.state for one in states] == ["not_sent", "sent"]
    assert "no such mailbox" in states[0].problem


def test_a_signed_webhook_carries_the_hmac_of_its_own_bytes_and_its_facts() -> None:
    chat = Chat()
    with running(chat):
        Webhook(chat.url, "the key").send(Notice("k", "s", "t", facts={"level": "MAJOR"}))
        Webhook(chat.url).send(REPORT)
    signed, unsigned = chat.came
    expected = hmac.new(b"the key", signed.body, "sha256").hexdigest()
    assert signed.headers["X-Xray-Signature"] == f"sha256={expected}"
    assert json.loads(signed.body)["level"] == "MAJOR"
    assert unsigned.headers["X-Xray-Signature"] is None


def test_a_webhook_is_tried_as_often_as_it_says_under_one_key() -> None:
    for answers, tries, arrives in (((503, 0), 3, True), ((503, 503, 503), 3, False)):
        chat = Chat(*answers)
        with running(chat):
            webhook = Webhook(chat.url, pauses=(0.0, 0.0))
            if arrives:
                webhook.send(REPORT)
            else:
                with pytest.raises(NotSent, match="503"):
                    webhook.send(REPORT)
        assert len(chat.came) == tries
        assert {came.headers["idempotency-key"] for came in chat.came} == {REPORT.key}
