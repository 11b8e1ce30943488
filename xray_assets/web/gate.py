"""What stands before every application with a body or a secret: who calls, and what it may cost.
Pure ASGI, no routes.

In this order, and before a byte of the body is read: foreign host or page, token, requests in work;
then the body, within its bounds.
"""

from xray_assets.web.accounts import Accounts
from xray_assets.web.bounds import Bounds, InWork
from xray_assets.web.http_answers import (
    Application,
    ClientGone,
    Message,
    Receive,
    Scope,
    Send,
    answer_refusal,
    read_body,
)
from xray_assets.web.origin import refusal
from xray_assets.web.refusals import Refusal


class Gate:
    """Hands on only requests that may be answered, with their whole body; `scope["account"]` says
    who calls.
    """

    def __init__(
        self,
        application: Application,
        *,
        hosts: frozenset[bytes],
        bounds: Bounds,
        accounts: Accounts | None = None,
        open_paths: frozenset[str] = frozenset(),
    ) -> None:
        """Without `accounts` nobody is asked for a token; `open_paths` never ask."""
        self._application = application
        self._hosts = hosts
        self._in_work = InWork(bounds)
        self._accounts = accounts
        self._open_paths = open_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or read the body and call the application with it."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        refused = refusal(headers, self._hosts, scope.get("method", "GET"))
        if scope["type"] == "websocket":
            if refused is None:
                await self._application(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": refused.message})
            return
        if refused is not None:
            await answer_refusal(send, refused, close=True)
            return
        try:
            await self._serve(scope, receive, send, headers)
        except Refusal as error:
            await answer_refusal(send, error, close=True)
        except ClientGone:
            pass

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]
    ) -> None:
        if self._accounts is not None and scope["path"] not in self._open_paths:
            scope["account"] = self._accounts.account(headers.get(b"authorization"))
        ticket = self._in_work.enter()
        try:
            declared = headers.get(b"content-length", b"")
            body = await read_body(
                receive,
                declared=int(declared) if declared.isdigit() else None,
                limit=self._in_work.bounds.body_bytes,
                ticket=ticket,
            )
            whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

            async def replay() -> Message:
                return whole.pop() if whole else await receive()

            await self._application(scope, replay, send)
        finally:
            ticket.leave()
