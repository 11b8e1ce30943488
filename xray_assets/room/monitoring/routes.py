"""The monitoring page. A module without postponed annotations: FastAPI reads them."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xray_assets.audit.chain import BrokenRecord
from xray_assets.catalog import (
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    MONITORING_RECORD,
)
from xray_assets.lake.local import local_tables
from xray_assets.monitoring.response.record import read
from xray_assets.monitoring.response.state import summed
from xray_assets.room.access import demand
from xray_assets.room.monitoring.board import board
from xray_assets.room.monitoring.look import Look
from xray_assets.room.pages import page
from xray_assets.settings import Settings
from xray_assets.web.roles import Act

routes = APIRouter(dependencies=[demand(Act.DASHBOARD)])

SHOWN = (
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    MONITORING_RECORD,
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
)


@routes.get("/monitoring")
def get_monitoring(request: Request) -> Response:
    """Levels, evidence, the record of the response, and what classical rules would have said."""
    settings: Settings = request.app.state.settings
    tables = local_tables(settings, "the monitoring page")
    try:
        record, broken = read(tables), ""
    except BrokenRecord as error:
        record, broken = [], str(error)
    return page(
        request,
        "monitoring/page.html",
        board=board(Look(tables), summed(record), record),
        broken=broken,
        dagster=settings.dagster_url,
        versions={".".join(key): tables.version(key) for key in SHOWN},
    )
