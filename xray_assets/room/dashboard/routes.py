"""The dashboard's page. A module without postponed annotations: FastAPI reads them."""

import importlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from xray_assets.lake.local import local_tables
from xray_assets.rollout.guards import GuardLimits
from xray_assets.room.access import demand
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import dashboard
from xray_assets.room.dashboard.summaries import Summaries
from xray_assets.room.pages import page
from xray_assets.settings import Settings
from xray_assets.web.roles import Account, Act


@asynccontextmanager
async def _warm(_: object) -> AsyncIterator[None]:
    """The first page waits for no import: drawing alone takes a second."""
    threading.Thread(target=importlib.import_module, args=("altair",), daemon=True).start()
    yield


routes = APIRouter(lifespan=_warm)


@routes.get("/dashboard")
def get_dashboard(
    request: Request,
    account: Annotated[Account, demand(Act.DASHBOARD)],
    experiment: str = "",
) -> Response:
    """The dashboard of an experiment, the newest one where none is named."""
    settings: Settings = request.app.state.settings
    look = Look(look_at(settings), experiment or None)
    try:
        shown = dashboard(look, limits(settings))
    except LookupError as error:
        raise HTTPException(404) from error
    sees_cases = account.may(Act.SEE_CASES)
    return page(request, "dashboard/page.html", board=shown, sees_cases=sees_cases)


def look_at(settings: Settings) -> Summaries:
    """The summary tables of the settings. Raises NotYetOnDatabricks where they lie elsewhere."""
    return Summaries(local_tables(settings, "the dashboard"), settings.dagster_url)


def limits(settings: Settings) -> GuardLimits:
    """The limits of the ramp's guards."""
    return GuardLimits(
        max_error_rate=settings.guard_max_error_rate,
        max_fallback_rate=settings.guard_max_fallback_rate,
        max_p95_ms=settings.guard_max_p95_ms,
        min_requests=settings.guard_min_requests,
    )
