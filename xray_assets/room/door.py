"""The door of the reading room: who calls, before a byte of a body is read. Pure ASGI.

Behind it `request.state` has `account` (an Account; None on open paths), `by_proxy` (whether a
proxy's word made it so), `cookie` (the token in the cookie) and `csrf` (what a form sends as the
field `csrf`, a script as the header `x-csrf-token`; `forms` demands it). A path that is not open
asks for an account: a page that forgets to say who may see it is seen by nobody from outside.

Below /api/ programs call: there the token in the header Authorization counts, and no cookie does,
so no page can send such a request.
"""

import logging
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from xray_assets.room.cookie import cookie_header, token_of
from xray_assets.room.errors import problem, wants_page
from xray_assets.settings import Settings
from xray_assets.web.http_answers import Application, Message, Receive, Scope, Send
from xray_assets.web.origin import allowed_hosts, refusal
from xray_assets.web.refusals import Refusal, Unauthenticated
from xray_assets.web.roles import Account
from xray_assets.web.sign_in.desk import Desk
from xray_assets.web.sign_in.forwarded import ForwardedIdentity
from xray_assets.web.sign_in.sessions import csrf_of, new_token

OPEN_PATHS = frozenset({"/login", "/health"})
OPEN_FOLDER, TOKEN_FOLDER = "/static/", "/api/"
_VISITOR = "visitor-"
"""What a cookie begins with that was never a session: forms need one before the sign-in too."""


class Door:
    """Hands on only requests of known people, and those of the pages that they sign in with."""

    def __init__(self, application: Application, *, desk: Desk, settings: Settings) -> None:
        self._application, self._desk, self._settings = application, desk, settings
        self._hosts = allowed_hosts(settings)
        self._forwarded = ForwardedIdentity(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or call the application. What breaks in a page is answered as a page too."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["type"] == "http":
            await self._answer(Request(scope, receive), send)
        else:
            await self._application(scope, receive, send)

    async def _answer(self, request: Request, send: Send) -> None:
        state, started = request.state, False
        state.account, state.csrf, state.cookie, state.form = None, "", None, {}
        state.by_proxy = False
        made = ""

        async def sent(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                if made:
                    given = message.get("headers", ())
                    message["headers"] = [*given, cookie_header(self._settings, made)]
            await send(message)

        try:
            refused = refusal(dict(request.headers.raw), self._hosts, request.method)
            if refused is not None:
                raise refused
            is_static = request.url.path.startswith(OPEN_FOLDER)
            state.by_token = request.url.path.startswith(TOKEN_FOLDER)
            state.cookie = token_of(request, self._settings)
            if state.by_token:
                header = request.headers.get("authorization")
                state.account = await run_in_threadpool(self._desk.accounts.account, header)
            elif not is_static:
                made = "" if state.cookie else _VISITOR + new_token()
                state.account = await run_in_threadpool(self._account, request)
            state.csrf = csrf_of(state.cookie or made)
            is_open = is_static or request.url.path in OPEN_PATHS
            if state.account or is_open:
                await self._application(request.scope, request.receive, sent)
            else:
                await _ask_to_sign_in(request)(request.scope, request.receive, sent)
        except Exception as error:
            if started:
                raise
            if not isinstance(error, Refusal):
                logging.getLogger(__name__).exception("%s %s", request.method, request.url.path)
            await problem(request, error)(request.scope, request.receive, sent)

    def _account(self, request: Request) -> Account | None:
        """Who calls, by the proxy's word where it is asked for, else by the session."""
        peer = request.client.host if request.client else ""
        request.state.by_proxy = self._forwarded.speaks_for(peer)
        if request.state.by_proxy:
            return self._desk.forwarded(self._forwarded.name(request.headers.raw))
        token = request.state.cookie
        return self._desk.signed_in(token) if token else None


def _ask_to_sign_in(request: Request) -> Response:
    """A page leads to the sign-in, which leads back. Raises Unauthenticated for all else."""
    if request.method != "GET" or not wants_page(request):
        raise Unauthenticated("you are not signed in, or your session has ended: sign in again")
    path, query = request.url.path, request.url.query
    wanted = quote(f"{path}?{query}" if query else path, safe="")
    token = request.state.cookie
    ended = "&ended=1" if token and not token.startswith(_VISITOR) else ""
    return RedirectResponse(f"/login?next={wanted}{ended}", 303)
