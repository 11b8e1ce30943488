"""The try-it page: the form, and the answer to a film that a script sends as the body."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from xray_assets.room.access import Caller, demand
from xray_assets.room.pages import page
from xray_assets.room.try_it.trial import ask, film_limit
from xray_assets.web.roles import Act
from xray_assets.web.sign_in.record import Event, PeopleRecord

routes = APIRouter(dependencies=[demand(Act.TRY)])


@routes.get("/try")
def get_try(request: Request) -> Response:
    """Where a film is dropped."""
    limit = film_limit(request.app.state.settings)
    return page(request, "try_it/page.html", limit=limit)


@routes.post("/try")
async def post_try(request: Request, account: Caller) -> dict[str, Any]:
    """The live endpoint's answer to the film in the body. Who tried is on the record, the film is
    not.
    """
    settings, film = request.app.state.settings, await request.body()
    trial = await run_in_threadpool(ask, settings, film)
    record = PeopleRecord(settings)
    await run_in_threadpool(
        record.add, Event.TRIED, account=account.name, by=account.name, about=trial.request_id
    )
    return {**asdict(trial), "label": trial.label}
