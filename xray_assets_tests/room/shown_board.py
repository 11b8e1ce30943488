"""The dashboard of some tables, and its page."""

from typing import Any

from xray_assets.lake.delta import DeltaTables
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.page import dashboard
from xray_assets.room.dashboard.routes import limits
from xray_assets.room.dashboard.summaries import Summaries
from xray_assets.room.pages import TEMPLATES
from xray_assets.settings import Settings


def board(tables: DeltaTables, experiment: str | None = None) -> Any:
    """The page; Any, because a part that is not there fails its test."""
    look = Look(Summaries(tables, "http://dagster"), experiment)
    return dashboard(look, limits(Settings()))


def html(shown: Any, *, sees_cases: bool = True) -> str:
    frame = {"account": None, "csrf": "", "links": [], "path": "/dashboard"}
    template = TEMPLATES.get_template("dashboard/page.html")
    return template.render(frame | {"board": shown, "sees_cases": sees_cases})
