"""Puts the dashboard together: what becomes of each part, and what it says where there is nothing.

A part whose tables cannot be read says so in its place; the others are shown all the same.
"""

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import polars as pl

from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    COMPARISON_SUMMARY,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PROMOTION_DECISION,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_PROGRESS,
    SECOND_LOOKS,
    Key,
    served_name,
)
from xray_assets.rollout.guards import GuardLimits
from xray_assets.room.dashboard import mistakes, trends
from xray_assets.room.dashboard.health import Health, health
from xray_assets.room.dashboard.look import Look, Row
from xray_assets.room.dashboard.side_by_side import SideBySide, scores_by_role, side_by_side
from xray_assets.room.dashboard.traffic import TrafficView, arm_traffic, traffic_view
from xray_assets.room.dashboard.verdict import VerdictView, verdict_view
from xray_assets.room.figures import Source

T = TypeVar("T")

LISTED = 50
"""Experiments that the page offers, newest first; all of them have a page of their own."""

NO_EXPERIMENT = "No experiment has been opened: one model serves, and nothing is compared."
NO_DECISION = "Nothing to compare yet: no case of this experiment has been judged."
NO_TRAFFIC = "No request has been counted yet."


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of the page: what it shows, or in a sentence why there is nothing; and its tables."""

    shown: T | None
    nothing: str
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Dashboard:
    """Everything that the page shows. `experiments`: those that it offers, newest first."""

    experiments: tuple[Row, ...]
    experiment_id: str | None
    verdict: Part[VerdictView]
    models: Part[SideBySide]
    evidence: Part[trends.Chart]
    health: Part[Health]
    traffic: Part[TrafficView]
    charts: Part[tuple[trends.Chart, ...]]
    reads: Part[mistakes.ReadsView]
    mistaken: Part[tuple[mistakes.Mistake, ...]]
    failed: Part[tuple[mistakes.Failure, ...]]


def dashboard(look: Look, limits: GuardLimits) -> Dashboard:
    """The page of an experiment. Raises LookupError where it is asked for and not there."""
    experiment = look.experiment
    nothing = NO_DECISION if experiment else NO_EXPERIMENT
    part = functools.partial(_part, look)

    return Dashboard(
        tuple(look.experiments[:LISTED]),
        experiment["experiment_id"] if experiment else None,
        part(lambda: _verdict(look), NO_EXPERIMENT, EXPERIMENTS, PROMOTION_DECISION),
        part(lambda: _models(look), nothing, PROMOTION_DECISION, COMPARISON_SUMMARY),
        part(lambda: _evidence(look), nothing, PROMOTION_DECISION),
        part(
            lambda: _health(look, limits),
            nothing,
            *(PROMOTION_DECISION, HOURLY_TRAFFIC, COMPARISON_SUMMARY, REVIEW_PROGRESS),
        ),
        part(
            lambda: traffic_view(look.traffic, look.configs, look.summary, counted=look.counted),
            NO_TRAFFIC,
            *(HOURLY_TRAFFIC, ENDPOINT_CONFIG, COMPARISON_SUMMARY),
        ),
        part(lambda: _charts(look), NO_TRAFFIC, HOURLY_TRAFFIC, COMPARISON_SUMMARY),
        part(
            lambda: _reads(look),
            NO_EXPERIMENT,
            *(REVIEW_PROGRESS, PROMOTION_DECISION, SECOND_LOOKS),
        ),
        part(
            lambda: mistakes.newest_mistakes(look.mistakes) or None,
            "No settled case has been found to be answered wrongly.",
            RECENT_MISTAKES,
        ),
        part(
            lambda: mistakes.newest_failures(look.errors) or None,
            "No request has failed, been refused or fallen back.",
            RECENT_ERRORS,
        ),
    )


def _part(look: Look, build: Callable[[], T | None], otherwise: str, *keys: Key) -> Part[T]:
    sources: tuple[Source, ...] = ()
    try:
        sources = tuple(map(look.source, keys))
        return Part(build(), otherwise, sources)
    except Exception as error:
        logging.getLogger(__name__).exception("a part of the dashboard")
        return Part(None, f"This part cannot be shown ({type(error).__name__}).", sources)


def _verdict(look: Look) -> VerdictView | None:
    return verdict_view(look.experiment, look.decision, look.report) if look.experiment else None


def _models(look: Look) -> SideBySide | None:
    if look.experiment is None or look.report is None:
        return None
    since = look.summary.filter(pl.col("date") >= look.experiment["opened_at"].date())
    return side_by_side(look.report, scores_by_role(since, _served(look.experiment)))


def _evidence(look: Look) -> trends.Chart | None:
    return trends.evidence(look.decisions, look.report["rule"]) if look.report else None


def _health(look: Look, limits: GuardLimits) -> Health | None:
    if look.experiment is None:
        return None
    config = look.configs["config_version"].max()
    codes = (look.decision or {}).get("reason_codes") or ""
    served = _served(look.experiment)[CHALLENGER]
    labelled = look.summary.drop_nulls("label_delay_hours").sort("date")
    newest = labelled.row(-1, named=True) if labelled.height else None
    return health(
        look.report,
        codes.split("\n"),
        arm_traffic(look.traffic, config, served, counted=look.counted)
        if isinstance(config, int)
        else None,
        limits,
        counted=look.traffic.height > 0,
        missing=look.missing,
        delay=(newest["label_delay_hours"], f"{newest['date']}") if newest else None,
        progress=look.progress,
    )


def _charts(look: Look) -> tuple[trends.Chart, ...] | None:
    names = [*_served(look.experiment).values()] if look.experiment else []
    found = (
        trends.daily_accuracy(look.summary, names),
        trends.daily_requests(look.traffic, names, counted=look.counted),
        trends.daily_latency(look.traffic),
    )
    return tuple(chart for chart in found if chart) or None


def _reads(look: Look) -> mistakes.ReadsView | None:
    if look.experiment is None:
        return None
    return mistakes.reads_view(look.progress, look.report, look.second_looks)


def _served(experiment: Row) -> dict[str, str]:
    return {
        role: served_name(experiment[f"{role}_model"], experiment[f"{role}_version"])
        for role in (CHAMPION, CHALLENGER)
    }
