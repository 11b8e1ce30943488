"""Signing in and out; and whether the room is there at all."""

import re

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from xray_assets.room.access import Caller
from xray_assets.room.cookie import cookie_header
from xray_assets.room.pages import page
from xray_assets.web.refusals import Unauthenticated

routes = APIRouter()
HOME = "/"
_OUR_PATH = re.compile(r"/(?:[!-\[\]-~][!-\[\]-~]*)?")
"""Printable ASCII without spaces and backslashes, which browsers read as slashes."""


@routes.get("/health")
def get_health() -> JSONResponse:
    """200 while the room answers."""
    return JSONResponse({"status": "ok"})


@routes.get("/login")
def get_login(request: Request, next: str = HOME, ended: bool = False) -> Response:  # noqa: A002 - the field's name
    """The page to sign in with; `ended` says that a session has."""
    wanted = own_path(next)
    if request.state.account:
        return RedirectResponse(wanted, 303)
    return page(request, "templates/sign_in.html", next=wanted, ended=ended, wrong="", name="")


@routes.post("/login")
def post_login(request: Request) -> Response:
    """Sign in, with a session and a cookie that nobody knew before."""
    form, desk = request.state.form, request.app.state.desk
    name, wanted = form.get("name", ""), own_path(form.get("next", HOME))
    try:
        token = desk.sign_in(
            name, form.get("password", ""), peer_of(request), before=request.state.cookie
        )
    except Unauthenticated as error:
        shown = {"next": wanted, "ended": False, "wrong": error.message, "name": name[:200]}
        return page(request, "templates/sign_in.html", 401, **shown)
    return with_cookie(request, RedirectResponse(wanted, 303), token)


@routes.post("/logout")
def post_logout(request: Request, account: Caller) -> Response:
    """End the session."""
    request.app.state.desk.sign_out(request.state.cookie, account, peer_of(request))
    return with_cookie(request, RedirectResponse("/login", 303), "")


def own_path(wanted: str) -> str:
    """Where to go after signing in: a path of this server, never another one's page. Pure."""
    is_ours = _OUR_PATH.fullmatch(wanted) and not wanted.startswith("//")
    return wanted if is_ours and len(wanted) <= 2000 else HOME


def peer_of(request: Request) -> str:
    """The address that the request came from."""
    return request.client.host if request.client else ""


def with_cookie(request: Request, response: Response, token: str) -> Response:
    """The response that also sets the room's cookie, or deletes it where the token is empty."""
    name, value = cookie_header(request.app.state.settings, token)
    response.headers.append(name.decode(), value.decode())
    return response
