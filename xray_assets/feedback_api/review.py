"""Routes of the review queue, for readers who bring their own viewer. Over `reading.ReadingQueue`.

Until a read is committed no answer holds anything of a model, a request or a file.
"""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from xray_assets.feedback_api.known import Known
from xray_assets.reading.forms import Answers, Committed, Film, Heat, Lease, Opinion, Progress, Read
from xray_assets.reading.queue import ReadingQueue

review_routes = APIRouter(prefix="/review")
_PRIVATE = {"cache-control": "no-store"}


class CommitBody(BaseModel):
    """A read of the film that is held. `commit_id`: a UUID of yours, which makes a repeat safe."""

    model_config = ConfigDict(extra="forbid", strict=True)

    commit_id: str
    read: str
    certainty: int | None = None
    quality: str | None = None
    notes: str | None = None
    seconds_to_action: float | None = None
    seconds_to_commit: float | None = None
    feedback_source: str = "api"


class OpinionBody(BaseModel):
    """What becomes of a read once the answers were shown; a change names another read."""

    model_config = ConfigDict(extra="forbid", strict=True)

    commit_id: str
    opinion: Opinion
    read: str | None = None
    feedback_source: str = "api"


def _queue(request: Request) -> ReadingQueue:
    return request.app.state.queue


@review_routes.get("/next", responses={204: {"description": "nothing waits for you"}})
def get_next(request: Request, known: Known, beside: str | None = None) -> Lease | None:
    """The film that you hold, else the next one, for half an hour; `beside`: another than that."""
    lease = _queue(request).next(known, beside=beside)
    return Response(status_code=204) if lease is None else lease  # type: ignore[return-value]


@review_routes.get("/progress")
def get_progress(request: Request, known: Known) -> Progress:
    """How many films wait for you, and how many you have read today (UTC)."""
    return _queue(request).progress(known)


@review_routes.get("/leases/{lease}")
def get_lease(request: Request, lease: str, known: Known) -> Lease:
    """A lease of yours as it is now."""
    return _queue(request).lease(lease, known)


@review_routes.post("/leases/{lease}/renew")
def post_renew(request: Request, lease: str, known: Known) -> Lease:
    """Another half hour."""
    return _queue(request).renew(lease, known)


@review_routes.post("/leases/{lease}/release", status_code=204)
def post_release(request: Request, lease: str, known: Known) -> None:
    """Give the film back: others are asked, and it stays due."""
    _queue(request).release(lease, known)


@review_routes.get("/leases/{lease}/film", response_class=Response)
def get_film(request: Request, lease: str, known: Known) -> Response:
    """The film at full resolution, JPEG or PNG; X-Film-* say how its samples are first shown."""
    film = _queue(request).film(lease, known)
    return Response(film.content, media_type=film.media_type, headers=film_headers(film) | _PRIVATE)


@review_routes.post("/leases/{lease}/commit")
def post_commit(request: Request, lease: str, body: CommitBody, known: Known) -> Committed:
    """Store your blinded read; it is durable when the answer leaves."""
    said = body.model_dump(exclude={"commit_id", "feedback_source"})
    queue, source = _queue(request), body.feedback_source
    return queue.commit(lease, known, Read(**said), body.commit_id, source=source)


@review_routes.post("/leases/{lease}/undo")
def post_undo(request: Request, lease: str, known: Known) -> Lease:
    """Commit another read in place of this one: both stay, the later one counts."""
    return _queue(request).undo(lease, known)


@review_routes.get("/leases/{lease}/answers")
def get_answers(request: Request, lease: str, known: Known) -> Answers:
    """What the models answered, once the case is settled; your blinded read stands from then on."""
    return _queue(request).answers(lease, known)


@review_routes.get("/leases/{lease}/heat")
def get_heat(request: Request, lease: str, known: Known) -> list[Heat]:
    """What each model's score depends on (occlusion), not a localisation. After the answers."""
    return _queue(request).heat(lease, known)


@review_routes.post("/leases/{lease}/opinion")
def post_opinion(request: Request, lease: str, body: OpinionBody, known: Known) -> Committed:
    """Agree with the served model, keep your read, or change it: a row beside the blinded one."""
    return _queue(request).opine(
        lease, known, body.opinion, body.commit_id, read=body.read, source=body.feedback_source
    )


def film_headers(film: Film) -> dict[str, str]:
    """Everything of a film but its content, as headers `X-Film-...`; what is not known is left
    out.
    """
    facts: dict[str, Any] = asdict(film)
    return {
        f"x-film-{name.replace('_', '-')}": str(value).lower()
        for name, value in facts.items()
        if name not in ("content", "media_type") and value is not None
    }
