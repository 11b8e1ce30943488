"""The pages of an account: where it starts, and its password."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from xray_assets.room.access import Caller
from xray_assets.room.navigation import links_for
from xray_assets.room.pages import page
from xray_assets.room.sign_in import peer_of, with_cookie
from xray_assets.web.refusals import Unauthenticated
from xray_assets.web.sign_in.passwords import SHORTEST, PasswordRefused

routes = APIRouter()


@routes.get("/")
def get_home(request: Request, account: Caller) -> Response:
    """The first page that this account may see."""
    links = links_for(account)
    return RedirectResponse(links[0].path, 303) if links else page(request, "templates/home.html")


@routes.get("/account")
def get_account(request: Request, account: Caller) -> Response:
    """Who is signed in, and the form that changes the password."""
    return _account_page(request)


@routes.post("/account/password")
def post_password(request: Request, account: Caller) -> Response:
    """Change one's own password; every other session of the account ends."""
    form, desk = request.state.form, request.app.state.desk
    wanted = form.get("wanted", "")
    if wanted != form.get("again", ""):
        return _account_page(request, wrong="the two new passwords differ")
    present, peer = form.get("present", ""), peer_of(request)
    try:
        token = desk.change_password(account, present, wanted, peer)
    except Unauthenticated:
        return _account_page(request, wrong="the present password is wrong")
    except PasswordRefused as error:
        return _account_page(request, wrong=str(error))
    return with_cookie(request, RedirectResponse("/account?changed=1", 303), token)


def _account_page(request: Request, wrong: str = "") -> Response:
    changed = not wrong and request.query_params.get("changed") == "1"
    return page(
        request,
        "templates/account.html",
        400 if wrong else 200,
        wrong=wrong,
        changed=changed,
        shortest=SHORTEST,
    )
