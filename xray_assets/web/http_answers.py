"""Raw ASGI: complete answers, and bodies read within their bounds. No routes here."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from xray_assets.web.bounds import Ticket
from xray_assets.web.refusals import BodyTooLarge, Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]

_JSON = (b"content-type", b"application/json")
_DRAINED_BODIES = 4
"""A body over the limit is read (and dropped) up to so many limits, because few clients read an
answer while they send.
"""


class ClientGone(Exception):
    """The client closed the connection before its body was complete: nobody to answer."""


async def answer(
    send: Send,
    status: int,
    body: bytes,
    headers: Iterable[Header] = (),
    content_type: Header = _JSON,
) -> None:
    """Send one complete response."""
    length = (b"content-length", str(len(body)).encode())
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [content_type, length, *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def answer_refusal(send: Send, refusal: Refusal, *, close: bool = False) -> None:
    """Send the error JSON of a refusal, with the headers that its status asks for. `close`: the
    connection, because its body was not read.
    """
    headers: list[Header] = []
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if refusal.status in (429, 503):
        headers.append((b"retry-after", b"1"))
    if close or refusal.status == 413:
        headers.append((b"connection", b"close"))
    await answer(send, refusal.status, refusal.body(), headers)


async def read_body(receive: Receive, *, declared: int | None, limit: int, ticket: Ticket) -> bytes:
    """The request's body; its bytes are held by `ticket` as they come.

    Raises BodyTooLarge, TooManyRequests, ClientGone; `http_protocol` cuts a slow body off.
    """
    message = await _next(receive)
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        return await _rest_of_body(receive, body, declared=declared, limit=limit, ticket=ticket)
    if len(body) > limit:
        raise _too_large(limit)
    ticket.hold(len(body))
    return body


async def _rest_of_body(
    receive: Receive, first: bytes, *, declared: int | None, limit: int, ticket: Ticket
) -> bytes:
    chunks, size, more = [first], len(first), True
    ticket.hold(size)
    too_large = declared is not None and declared > limit
    while more:
        message = await _next(receive)
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size > limit:
            too_large = True
            chunks.clear()
            if size > limit * _DRAINED_BODIES:
                break
        if not too_large:
            ticket.hold(len(chunk))
            chunks.append(chunk)
    if too_large:
        raise _too_large(limit)
    return b"".join(chunks)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is over {limit} bytes: send a smaller or fewer images", reason="body_too_large"
    )
