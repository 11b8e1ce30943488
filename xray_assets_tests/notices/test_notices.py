"""Notices over real HTTP and SMTP: each to each address once, whatever breaks."""

import json
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from xray_assets.notices.by_email import Email, MailServer
from xray_assets.notices.by_webhook import Webhook
from xray_assets.notices.deliveries import Deliveries, Delivery
from xray_assets.notices.notice import Attachment, Notice, Sender

REPORT = Notice(
    "report/2026-11-20",
    "Daily report",
    "KEEP_TESTING: 184 more reads",
    (Attachment("report.html", b"<p>figures</p>", "text/html"),),
)


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def deliveries(tmp_path: Path) -> Deliveries:
    return Deliveries(tmp_path / "new" / "deliveries.sqlite")


class Chat(HTTPServer):
    """A webhook: answers as it is told to, and keeps what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _ChatHandler)
        self.status, self.came = 200, []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?secret=1234"


class _ChatHandler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.came.append((self.headers["idempotency-key"], body))
        if self.server.status:
            self.send_response(self.server.status)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _MailHandler(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP; `refuses` and `breaks_off` say where it does not."""

    server: "Post"

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                if self.server.breaks_off:
                    return
                self.say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.came.append(b"".join(lines).decode())
                self.say("250 taken")
            elif verb == "RCPT" and self.server.refuses:
                self.say("550 no such mailbox")
            else:
                self.say("221 bye" if verb == "QUIT" else "250 ok")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Post(socketserver.ThreadingTCPServer):
    """A mail server."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.came: list[str] = []
        self.refuses = self.breaks_off = False

    def to(self, address: str) -> Email:
        port = self.server_address[1]
        return Email(address, MailServer("127.0.0.1", port, "none", "", "", "xray@clinic.test"))


def sent(deliveries: Deliveries, sender: Sender) -> Delivery:
    (delivery,) = deliveries.send(REPORT, [sender])
    return delivery


def test_a_webhook_gets_a_notice_once_and_its_secret_is_not_shown(deliveries: Deliveries) -> None:
    chat = Chat()
    with running(chat):
        first, second = (sent(deliveries, Webhook(chat.url)) for _ in range(2))
    assert (first.state, first.is_new) == ("sent", True)
    assert (second.state, second.is_new) == ("sent", False)
    ((key, body),) = chat.came
    assert key == body["key"] == REPORT.key
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
    chat, post = Chat(), Post()
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
    post = Post()
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
    post, chat = Post(), Chat()
    post.refuses = True
    with running(post), running(chat):
        states = deliveries.send(REPORT, [post.to("nobody@clinic.test"), Webhook(chat.url)])
    assert [one.state for one in states] == ["not_sent", "sent"]
    assert "no such mailbox" in states[0].problem
