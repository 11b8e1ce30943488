"""Pages of the record: experiments, decisions, models, deployments, the timeline."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    PROMOTION_DECISION,
    Key,
)
from xray_assets.lake.local import local_tables
from xray_assets.lake.tables import Tables
from xray_assets.room.access import demand
from xray_assets.room.pages import page
from xray_assets.room.records import deployments, experiments, models
from xray_assets.room.records.paging import paged
from xray_assets.room.records.timeline import timeline
from xray_assets.scoring.registry import ModelRegistry
from xray_assets.settings import Settings
from xray_assets.web.roles import Act

routes = APIRouter(dependencies=[demand(Act.DASHBOARD)])
Number = Annotated[int, Query(ge=1, le=1_000_000)]


@routes.get("/experiments")
def get_experiments(request: Request, number: Number = 1) -> Response:
    """Every experiment, newest first."""
    tables = tables_of(request)
    return page(
        request,
        "records/experiments.html",
        shown=paged(experiments.experiments(tables), number),
        versions=versions(tables, EXPERIMENTS),
    )


@routes.get("/experiments/{experiment_id}")
def get_experiment(request: Request, experiment_id: str, number: Number = 1) -> Response:
    """One experiment with its decisions."""
    tables = tables_of(request)
    one = experiments.experiment(tables, experiment_id)
    if one is None:
        raise HTTPException(404)
    served = [d for d in deployments.deployments(tables) if d.experiment_id == experiment_id]
    return page(
        request,
        "records/experiment.html",
        one=one,
        decisions=paged(experiments.decisions(tables, experiment_id), number),
        served=served,
        dagster=settings_of(request).dagster_url,
        versions=versions(tables, EXPERIMENTS, PROMOTION_DECISION, ENDPOINT_CONFIG),
    )


@routes.get("/experiments/{experiment_id}/decisions/{position}")
def get_decision(request: Request, experiment_id: str, position: int) -> Response:
    """One decision, with everything that it rests on."""
    tables = tables_of(request)
    one = experiments.decision(tables, position)
    if one is None or one.row["experiment_id"] != experiment_id:
        raise HTTPException(404)
    return page(
        request,
        "records/decision.html",
        one=one,
        dagster=settings_of(request).dagster_url,
        versions=versions(tables, PROMOTION_DECISION),
    )


@routes.get("/models")
def get_models(request: Request, number: Number = 1) -> Response:
    """Every registered version, newest first."""
    registry = registry_of(settings_of(request))
    shown = paged(models.models(registry, settings_of(request).catalog.registered_models), number)
    return page(
        request,
        "records/models.html",
        shown=shown,
        models=models.with_figures(registry, shown.items),
        figures=models.FIGURES,
        mlflow=settings_of(request).mlflow_url,
    )


@routes.get("/deployments")
def get_deployments(request: Request, number: Number = 1) -> Response:
    """Every config of the endpoint, newest first."""
    tables = tables_of(request)
    return page(
        request,
        "records/deployments.html",
        shown=paged(deployments.deployments(tables), number),
        versions=versions(tables, ENDPOINT_CONFIG),
    )


@routes.get("/timeline")
def get_timeline(request: Request, number: Number = 1) -> Response:
    """What happened, newest first."""
    tables, settings = tables_of(request), settings_of(request)
    trained = models.models(registry_of(settings), settings.catalog.registered_models)
    return page(
        request,
        "records/timeline.html",
        shown=paged(timeline(tables, trained), number),
        dagster=settings.dagster_url,
        versions=versions(tables, EXPERIMENTS, ENDPOINT_CONFIG, PROMOTION_DECISION),
    )


def settings_of(request: Request) -> Settings:
    """The room's settings."""
    return request.app.state.settings


def tables_of(request: Request) -> Tables:
    """The tables. Raises NotYetOnDatabricks."""
    return local_tables(settings_of(request), "the reading room's record")


def registry_of(settings: Settings) -> ModelRegistry:
    """The model registry."""
    return ModelRegistry(settings.mlflow_uri, settings.artifact_cache)


def versions(tables: Tables, *keys: Key) -> dict[str, int | None]:
    """The version of each table that a page shows, by its name."""
    return {".".join(key): tables.version(key) for key in keys}
