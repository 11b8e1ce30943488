"""The reading room's application: the frame, and the list of pages that are put into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from argon2 import PasswordHasher
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles

from xray_assets.room import account_pages, sign_in
from xray_assets.room.acts import api as acts_api
from xray_assets.room.acts import pages as acts_pages
from xray_assets.room.dashboard import routes as dashboard
from xray_assets.room.door import Door
from xray_assets.room.errors import answer_errors
from xray_assets.room.export import pages as export_pages
from xray_assets.room.forms import Forms
from xray_assets.room.headers import SecurityHeaders
from xray_assets.room.impact import pages as impact_pages
from xray_assets.room.monitoring import routes as monitoring
from xray_assets.room.records import pages as records_pages
from xray_assets.room.review_page import routes as review_page
from xray_assets.room.try_it import pages as try_it_pages
from xray_assets.settings import Settings
from xray_assets.web.bounds import room_bounds
from xray_assets.web.gate import Gate
from xray_assets.web.origin import allowed_hosts
from xray_assets.web.sign_in.desk import Desk

PAGES: tuple[APIRouter, ...] = (
    sign_in.routes,
    account_pages.routes,
    dashboard.routes,
    monitoring.routes,
    records_pages.routes,
    impact_pages.routes,
    try_it_pages.routes,
    acts_pages.routes,
    acts_api.routes,
    export_pages.routes,
    review_page.routes,
)
"""Routers of pages. One that is shown in the navigation has a link in `navigation.LINKS` too."""

STATIC = Path(__file__).parent / "static"
"""Served to everybody below /static; a page's own files are in a folder of its name."""


def room_app(settings: Settings, *, hasher: PasswordHasher | None = None) -> FastAPI:
    """The application. `hasher`: a cheaper one for tests.

    Pages find `request.app.state.settings`, and by `access` who calls.
    """
    desk = Desk(settings, hasher)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="Reading room", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.settings, app.state.desk = settings, desk
    # The last one added is the first one asked.
    app.add_middleware(Forms)  # type: ignore[arg-type]
    app.add_middleware(
        Gate,  # type: ignore[arg-type]
        hosts=allowed_hosts(settings),
        bounds=room_bounds(settings),
    )
    app.add_middleware(Door, desk=desk, settings=settings)  # type: ignore[arg-type]
    app.add_middleware(SecurityHeaders, https=settings.room_https)  # type: ignore[arg-type]
    for routes in PAGES:
        app.include_router(routes)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    answer_errors(app)
    return app
