"""A local HTTP server that gives the Kaggle API's answers for one data set, and fails on demand."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

USER, KEY, TOKEN = "radiologist", "secret-key", "secret-token"
DOWNLOAD = "/v1/datasets.DatasetApiService/DownloadDataset"
STORAGE = "/storage/archive.zip"


class KaggleStub:
    """The data set `owner/chest`: `archive` is its zip. `cut_after` breaks the next transfers."""

    def __init__(self, archive: bytes) -> None:
        self.archive = archive
        self.etag = '"one"'
        self.cut_after: list[int] = []
        self.stall_after: int | None = None
        self.stalled = threading.Event()
        self.ranges: list[str | None] = []
        self.requests: list[str] = []
        handler = type("Handler", (_Handler,), {"stub": self})
        self._server = _QuietServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what the tests are about."""


class _Handler(BaseHTTPRequestHandler):
    stub: KaggleStub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        self.stub.requests.append(self.path)
        if self.path.endswith("/IntrospectToken"):
            active = body.get("token") == TOKEN
            return self._json(200, {"active": active, "username": USER if active else ""})
        if not self._knows_caller():
            return self._json(401, {"code": 401, "message": "Unauthenticated"})
        if self.path != DOWNLOAD:
            return self._json(404, {"code": 404, "message": f"no route {self.path}"})
        if (body.get("ownerSlug"), body.get("datasetSlug")) != ("owner", "chest"):
            return self._json(404, {"code": 404, "message": "Dataset not found"})
        self.send_response(302)
        self.send_header("Location", self.stub.url + STORAGE)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def do_GET(self) -> None:
        assert self.path == STORAGE
        whole, wanted = self.stub.archive, self.headers.get("Range")
        self.stub.ranges.append(wanted)
        start = 0
        if wanted and self.headers.get("If-Range") in (None, self.stub.etag):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        rest = whole[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        self.send_header("Content-Type", "application/zip")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", self.stub.etag)
        self.send_header("Last-Modified", "Sun, 01 Mar 2026 00:00:00 GMT")
        self.end_headers()
        if self.stub.cut_after:
            self.wfile.write(rest[: self.stub.cut_after.pop(0)])
            self.close_connection = True
        elif self.stub.stall_after is not None:
            self.wfile.write(rest[: self.stub.stall_after])
            self.wfile.flush()
            self.stub.stalled.set()
            threading.Event().wait(120)
            self.close_connection = True
        else:
            self.wfile.write(rest)

    def _knows_caller(self) -> bool:
        given = self.headers.get("Authorization", "")
        basic = base64.b64encode(f"{USER}:{KEY}".encode()).decode()
        return given in (f"Basic {basic}", f"Bearer {TOKEN}")

    def _json(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        return
