"""uvicorn's HTTP protocol with the bounds it lacks: the size of a head, the time for head, body and
unread answers, and the number of connections. Every server of the project runs on it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from xray_assets.web.bounds import (
    BODY_SECONDS,
    CONNECTIONS,
    HEAD_BYTES,
    HEAD_SECONDS,
    WRITE_SECONDS,
)

_TOO_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b'\r\n{"error_code":"REQUEST_TIMEOUT","message":"the request did not arrive in time"}'
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection. A client that dawdles, or sends an endless head, is cut off."""

    _head_bytes = 0
    _in_head = False
    _in_message = False
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Give the first head its time; close one connection too many."""
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        self._forget_deadline()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to an unfinished head, then parse; the unfinished gets its time."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response("The request's head is too large.")
                return
        super().data_received(data)
        if self._in_message and self._deadline is None:
            seconds = HEAD_SECONDS if self._in_head else BODY_SECONDS
            self._deadline = self.loop.call_later(seconds, self._cut)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = self._in_message = True
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._in_head = False
        self._forget_deadline()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is complete."""
        self._in_message = False
        self._forget_deadline()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """From here the connection is another protocol's."""
        self._in_message = False
        self._forget_deadline()
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        """The client does not read its answer: give it its time."""
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(WRITE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _cut(self) -> None:
        """Close; with an answer where a request has begun and no other answer is on its way."""
        cycle, waits = self.cycle, self._in_message and not self.pipeline
        answered = cycle is None or (cycle.response_complete if self._in_head else False)
        if waits and (answered or not (self._in_head or cycle.response_started)):
            self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
