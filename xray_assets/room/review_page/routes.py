"""What the review page asks of the server, over `ReadingQueue`: a lease, its film, its read.

Until a read is committed no answer here holds anything of a model, a request or a file: the queue
gives none out.
"""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

from xray_assets.feedback.fields import NOTES_LIMIT
from xray_assets.feedback_api.review import film_headers
from xray_assets.reading.forms import Answers, Committed, Heat, Lease, Opinion, Read
from xray_assets.reading.queue import ReadingQueue
from xray_assets.room.access import Caller, demand
from xray_assets.room.pages import page
from xray_assets.room.review_page import controls
from xray_assets.room.review_page.screens import SCREENS
from xray_assets.web.roles import Act

_OPENING = threading.Lock()


@asynccontextmanager
async def _closing(app: FastAPI) -> AsyncIterator[None]:
    yield
    if hasattr(app.state, "reading"):
        app.state.reading.close()


def reading_queue(request: Request) -> ReadingQueue:
    """The room's one queue, opened by the first who asks."""
    state = request.app.state
    with _OPENING:
        if not hasattr(state, "reading"):
            state.reading = ReadingQueue(state.settings)
    return state.reading


Queue = Annotated[ReadingQueue, Depends(reading_queue)]
routes = APIRouter(prefix="/review", dependencies=[demand(Act.READ)], lifespan=_closing)


class Wanted(BaseModel):
    """`beside`: the lease in work; another film is fetched ahead."""

    model_config = ConfigDict(extra="forbid")

    beside: str | None = None


class SentRead(BaseModel):
    """A read and the id that its browser gave it."""

    model_config = ConfigDict(extra="forbid")

    commit_id: str
    read: Read


class SentOpinion(BaseModel):
    """What a reader makes of the models' answers; `read` where that is another one."""

    model_config = ConfigDict(extra="forbid")

    commit_id: str
    opinion: Opinion
    read: str | None = None


@routes.get("")
def get_review(request: Request) -> Response:
    """The page. It asks for its film by itself."""
    return page(
        request,
        "review_page/review.html",
        controls=controls,
        screens=SCREENS,
        notes_limit=NOTES_LIMIT,
    )


@routes.post("/leases")
def post_lease(reader: Caller, queue: Queue, wanted: Wanted) -> Any:
    """The next film for this reader; 204 where none waits."""
    found = queue.next(reader, beside=wanted.beside)
    return Response(status_code=204) if found is None else found


@routes.get("/leases/{lease}/film")
def get_film(reader: Caller, queue: Queue, lease: str) -> Response:
    """The film as it is kept; X-Film-* say how its samples are first shown."""
    film = queue.film(lease, reader)
    return Response(film.content, media_type=film.media_type, headers=film_headers(film))


@routes.post("/leases/{lease}/read")
def post_read(reader: Caller, queue: Queue, lease: str, sent: SentRead) -> Committed:
    """Store the blinded read; the same commit id again stores nothing more."""
    return queue.commit(lease, reader, sent.read, sent.commit_id)


@routes.post("/leases/{lease}/undo")
def post_undo(reader: Caller, queue: Queue, lease: str) -> Lease:
    """Let the last read be given anew."""
    return queue.undo(lease, reader)


@routes.post("/leases/{lease}/release", status_code=204)
def post_release(reader: Caller, queue: Queue, lease: str) -> None:
    """Give the film back."""
    queue.release(lease, reader)


@routes.get("/leases/{lease}/answers")
def get_answers(reader: Caller, queue: Queue, lease: str) -> Answers:
    """What the models answered; refused until nobody is asked about the case any more."""
    return queue.answers(lease, reader)


@routes.get("/leases/{lease}/heat")
def get_heat(reader: Caller, queue: Queue, lease: str) -> list[Heat]:
    """Occlusion maps, refused as the answers are."""
    return queue.heat(lease, reader)


@routes.post("/leases/{lease}/opinion")
def post_opinion(reader: Caller, queue: Queue, lease: str, sent: SentOpinion) -> Committed:
    """Store what the reader makes of the answers, beside the read."""
    return queue.opine(lease, reader, sent.opinion, sent.commit_id, read=sent.read)
