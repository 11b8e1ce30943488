"""A webhook and a mail server that answer as they are told to, and keep what came."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from xray_assets.notices.by_email import Email, MailServer


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


@dataclass(frozen=True)
class Post:
    """What came to a webhook."""

    headers: Any
    body: bytes


class Chat(HTTPServer):
    """A webhook: answers with `status`, once each of `first` before; 0 is no answer at all."""

    def __init__(self, *first: int) -> None:
        super().__init__(("127.0.0.1", 0), _ChatHandler)
        self.status, self.first, self.came = 200, [*first], list[Post]()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?secret=1234"


class _ChatHandler(BaseHTTPRequestHandler):
    server: Chat

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.came.append(Post(self.headers, body))
        if status := self.server.first.pop(0) if self.server.first else self.server.status:
            self.send_response(status)
            self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _MailHandler(socketserver.StreamRequestHandler):
    """Speaks just enough SMTP; `refuses` and `breaks_off` say where it does not."""

    server: "MailBox"

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


class MailBox(socketserver.ThreadingTCPServer):
    """A mail server."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _MailHandler)
        self.came: list[str] = []
        self.refuses = self.breaks_off = False

    @property
    def port(self) -> int:
        return self.server_address[1]

    def to(self, address: str) -> Email:
        return Email(
            address, MailServer("127.0.0.1", self.port, "none", "", "", "xray@clinic.test")
        )
