"""The feedback API: HTTP routes over the receiver. Its own process, because model serving has no
such route.

Errors are `{"error_code", "message"}` and repeat nothing that was sent; nothing of a body is ever
logged.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, replace
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from xray_assets.feedback.counts import get_feedback_stats
from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.feedback.message import ROOM_FIELDS, Feedback
from xray_assets.feedback.receiver import FeedbackReceiver, Receipt
from xray_assets.feedback.submission import compose_batch
from xray_assets.feedback_api.errors import answer_errors
from xray_assets.feedback_api.known import Known
from xray_assets.feedback_api.review import review_routes
from xray_assets.reading.queue import ReadingQueue
from xray_assets.settings import Settings
from xray_assets.web.accounts import Accounts
from xray_assets.web.bounds import FEEDBACK
from xray_assets.web.gate import Gate
from xray_assets.web.openapi_page import plain_page
from xray_assets.web.origin import allowed_hosts
from xray_assets.web.refusals import UnknownEndpoint
from xray_assets.web.roles import Account, Act

OPEN_PATHS = frozenset({"/", "/docs", "/openapi.json", "/health"})
ROWS_LIMIT = 10_000
_NOT_SENT = ROOM_FIELDS | {"timestamp"}


class FeedbackBatch(BaseModel):
    """Several reads: all are stored, or none."""

    model_config = ConfigDict(extra="forbid", strict=True)

    feedback: list[dict[str, Any]] = Field(min_length=1, max_length=ROWS_LIMIT)


def _body(*, batch: bool) -> dict[str, Any]:
    """The OpenAPI of a body: the fields of `Feedback` that HTTP takes."""
    left_out = _NOT_SENT if batch else _NOT_SENT | {"request_id"}
    schema = Feedback.model_json_schema()
    fields = {name: one for name, one in schema["properties"].items() if name not in left_out}
    read: dict[str, Any] = {"type": "object", "properties": fields, "additionalProperties": False}
    if batch:
        rows = {"type": "array", "items": read, "minItems": 1, "maxItems": ROWS_LIMIT}
        read = {"type": "object", "properties": {"feedback": rows}, "required": ["feedback"]}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": read}}}}


routes = APIRouter()


@routes.post("/feedback/{request_id}", openapi_extra=_body(batch=False))
def post_feedback(request: Request, request_id: str, body: dict[str, Any], known: Known) -> Receipt:
    """Store one read of a prediction; it is durable when the answer leaves."""
    return _submit(request, known, [body | {"request_id": request_id}])[0]


@routes.post("/feedback", openapi_extra=_body(batch=True))
def post_batch(request: Request, body: FeedbackBatch, known: Known) -> dict[str, list[Receipt]]:
    """Store several reads, all or none."""
    return {"receipts": _submit(request, known, body.feedback)}


@routes.get("/predictions/{request_id}")
def get_prediction(request: Request, request_id: str, known: Known) -> dict[str, Any]:
    """What is logged of a request. Not for readers, who read blind."""
    known.demand(Act.LOOK_UP)
    prediction = request.app.state.receiver.prediction(request_id)
    if prediction is None:
        raise UnknownEndpoint("the log does not hold this request (yet)")
    return asdict(prediction)


@routes.get("/stats")
def get_stats(request: Request, known: Known, days: int = 7) -> dict[str, Any]:
    """Counts of the last days."""
    known.demand(Act.LOOK_UP)
    return get_feedback_stats(days, settings=request.app.state.settings)


@routes.get("/", include_in_schema=False)
def get_contents() -> dict[str, str]:
    """What is here."""
    return {
        "title": "Feedback: reads of predictions",
        "documentation": "/docs",
        "openapi": "/openapi.json",
        "health": "/health",
        "token": "send 'Authorization: Bearer <token>'; `xray token add` makes one",
    }


@routes.get("/docs", include_in_schema=False)
def get_documentation(request: Request) -> HTMLResponse:
    """The routes as one plain page: FastAPI's own pages load scripts from a CDN."""
    return HTMLResponse(plain_page(request.app.openapi()))


@routes.get("/health")
def get_health(request: Request) -> dict[str, Any]:
    """200 while the inbox can be read."""
    return {"status": "ok", "inbox_position": request.app.state.receiver.position()}


def feedback_api(settings: Settings) -> FastAPI:
    """The application. The inbox is opened when it starts and given back when it stops."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        with FeedbackReceiver(settings) as receiver:
            api.state.receiver, api.state.queue = receiver, ReadingQueue(settings)
            with closing(api.state.queue):
                yield

    api = FastAPI(title="Feedback", lifespan=lifespan, docs_url=None, redoc_url=None)
    api.state.settings, api.state.accounts = settings, Accounts(settings)
    api.add_middleware(
        Gate,  # type: ignore[arg-type]
        hosts=allowed_hosts(settings),
        bounds=FEEDBACK,
        accounts=api.state.accounts,
        open_paths=OPEN_PATHS,
    )
    api.include_router(routes)
    api.include_router(review_routes)
    answer_errors(api)
    return api


def _submit(request: Request, known: Account, rows: list[dict[str, Any]]) -> list[Receipt]:
    if found := _NOT_SENT & {name for row in rows for name in row}:
        names = ", ".join(sorted(found))
        raise FeedbackRefused(f"{names}: over HTTP a read is made when it is sent, leave it out")
    is_reader = known.may(Act.READ)
    if is_reader and any(row.get("feedback_type") is not None for row in rows):
        raise FeedbackRefused("say what the film shows: send read, and leave feedback_type out")
    rows = [{"feedback_source": "api"} | row for row in rows]
    feedbacks = compose_batch(rows, request.app.state.accounts, known)
    receipts = request.app.state.receiver.submit(feedbacks)
    # With the read the type tells the model's label, and the case may not be settled.
    return [replace(one, feedback_type=None) for one in receipts] if is_reader else receipts
