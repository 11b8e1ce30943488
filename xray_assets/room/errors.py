"""Every error of the reading room: a page for who looks at pages, JSON for scripts. None repeats
what was sent.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from xray_assets.errors import StaleWrite, XrayError
from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.room.pages import page
from xray_assets.web.refusals import Refusal

_CODES = {404: "RESOURCE_DOES_NOT_EXIST", 405: "METHOD_NOT_ALLOWED"}
_MESSAGES = {404: "there is no such page", 405: "this page takes no such request"}
_TITLES = {
    400: "This was not understood",
    401: "Please sign in",
    403: "Not allowed",
    404: "Nothing here",
    429: "Too many attempts",
    500: "Something broke",
    503: "Not available now",
}


def wants_page(request: Request) -> bool:
    """True for a browser that shows the answer, false for a script."""
    return "text/html" in request.headers.get("accept", "")


def problem(request: Request, error: Exception) -> Response:
    """The answer to what was raised; of a defect it says nothing but that it is in the log."""
    status, code, message = _told(error)
    headers = {"retry-after": "60"} if status == 429 else None
    if not wants_page(request):
        return JSONResponse({"error_code": code, "message": message}, status, headers=headers)
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    shown = {"title": title, "status": status, "message": message}
    return page(request, "templates/error.html", status, headers=headers, problem=shown)


def answer_errors(app: FastAPI) -> None:
    """Give the application its handlers; whatever else is raised, the door answers."""
    for kind in (Refusal, HTTPException, RequestValidationError, XrayError):
        app.add_exception_handler(kind, problem)


def _told(error: Exception) -> tuple[int, str, str]:
    """Status, code and message."""
    match error:
        case Refusal():
            return error.status, error.error_code, error.message
        case HTTPException():
            status = error.status_code
            message = _MESSAGES.get(status, str(error.detail))
            return status, _CODES.get(status, "BAD_REQUEST"), message
        case RequestValidationError():
            wrong = ", ".join(".".join(map(str, one["loc"][1:])) for one in error.errors()[:20])
            return 400, "INVALID_PARAMETER_VALUE", f"missing or wrong: {wrong or 'the body'}"
        case InboxUnavailable():
            return 503, "TEMPORARILY_UNAVAILABLE", str(error)
        case StaleWrite():
            return 409, "RESOURCE_CONFLICT", str(error)
        case XrayError():
            return 400, "BAD_REQUEST", str(error)
        case _:
            return (
                500,
                "INTERNAL_ERROR",
                "try again; if it stays so, the log of the room says what broke",
            )
