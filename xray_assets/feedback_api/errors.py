"""Every error of the feedback API as `{"error_code", "message"}`; none repeats what was sent."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.feedback.message import FeedbackRefused
from xray_assets.web.refusals import Refusal

_STATUS = {"RESOURCE_CONFLICT": 409, "CONTRADICTORY_FEEDBACK": 409}
_HTTP_CODES = {404: "RESOURCE_DOES_NOT_EXIST", 405: "METHOD_NOT_ALLOWED"}


def answer_errors(api: FastAPI) -> None:
    """Give the application its handlers."""

    @api.exception_handler(Refusal)
    def refusal(_: Request, error: Refusal) -> JSONResponse:
        return _error(error.status, error.error_code, error.message)

    @api.exception_handler(FeedbackRefused)
    def refused(_: Request, error: FeedbackRefused) -> JSONResponse:
        return _error(_STATUS.get(error.error_code, 400), error.error_code, str(error))

    @api.exception_handler(InboxUnavailable)
    def unavailable(_: Request, error: InboxUnavailable) -> JSONResponse:
        return _error(503, "TEMPORARILY_UNAVAILABLE", str(error))

    @api.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            f"{'.'.join(map(str, one['loc'][1:])) or 'body'}: {one['msg']}"
            for one in error.errors()[:20]
        ]
        return _error(400, "INVALID_PARAMETER_VALUE", "; ".join(problems))

    @api.exception_handler(HTTPException)
    def other(_: Request, error: HTTPException) -> JSONResponse:
        return _error(
            error.status_code, _HTTP_CODES.get(error.status_code, "BAD_REQUEST"), str(error.detail)
        )


def _error(status: int, code: str, message: str) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error_code": code, "message": message}, status, headers=headers)
