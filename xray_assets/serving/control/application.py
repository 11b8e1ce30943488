"""The control plane as one FastAPI application: its routes, and every failure in the one form that
Databricks' clients understand.
"""

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from xray_assets.serving.control import bodies
from xray_assets.serving.control.config_store import ConfigStoreError
from xray_assets.serving.control.openapi import hot_path_documentation
from xray_assets.serving.process.server_log import ServerLog
from xray_assets.web.refusals import (
    BadRequest,
    InvalidParameter,
    MethodNotAllowed,
    Refusal,
    Unavailable,
    UnknownEndpoint,
)

CONTROL_BODY_BYTES = 256 * 1024
OPEN_PATHS = frozenset({"/health", "/openapi.json", "/.well-known/databricks-config"})
"""What probes and the SDK ask for before they have a token."""

_FIELDS = {
    name
    for model in vars(bodies).values()
    if isinstance(model, type) and issubclass(model, bodies.BaseModel)
    for name in model.model_fields
}


def control_application(
    control: APIRouter, operations: APIRouter, server_log: ServerLog
) -> FastAPI:
    """The application; failures that are no refusals are told to `server_log`."""
    app = FastAPI(
        title="Pneumonia classifier endpoint",
        description="Champion and challenger behind the Databricks Model Serving REST API.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,
    )
    for router in (control, hot_path_documentation(), operations):
        app.include_router(router)

    @app.exception_handler(Refusal)
    async def refused(request: Request, error: Refusal) -> JSONResponse:
        return _answer(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(_what_is_wrong(error))

    @app.exception_handler(HTTPException)
    async def no_route(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 405:
            return _answer(MethodNotAllowed("this route has other methods"))
        if error.status_code == 404:
            return _answer(UnknownEndpoint("there is no such route; see /openapi.json"))
        return _answer(BadRequest("the body is not JSON"))

    @app.exception_handler(ConfigStoreError)
    async def store_failed(request: Request, error: ConfigStoreError) -> JSONResponse:
        server_log.event("config_unwritable", problem=str(error))
        return _answer(Unavailable(str(error)))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        server_log.event("control_failed", error_type=type(error).__name__)
        return JSONResponse(
            {"error_code": "INTERNAL_ERROR", "message": "the server failed on this request"}, 500
        )

    return app


def _what_is_wrong(error: RequestValidationError) -> Refusal:
    """The first thing, and where: names of fields, never a key or a value that was sent."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return BadRequest("the body is not JSON")
    place = [str(part) for part in first["loc"] if isinstance(part, int) or part in _FIELDS]
    return InvalidParameter(f"{'.'.join(place) or 'the body'}: {first['msg']}")


def _answer(refusal: Refusal) -> JSONResponse:
    body = {"error_code": refusal.error_code, "message": refusal.message}
    return JSONResponse(body, refusal.status)
