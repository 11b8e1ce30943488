"""When what happened: configs, changes of the verdict, experiments, trainings, in one list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import polars as pl

from xray_assets.audit.chain import POSITION
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.lake.tables import Tables
from xray_assets.rollout.experiment import Experiment
from xray_assets.room.records.deployments import deployments
from xray_assets.room.records.experiments import experiments
from xray_assets.room.records.models import Model


class Kind(StrEnum):
    """What an event is of."""

    CONFIG = "config"
    VERDICT = "verdict"
    EXPERIMENT = "experiment"
    TRAINING = "training"


@dataclass(frozen=True)
class Event:
    """Something that happened. `page`: its record in this room; `run_id`: of the Dagster run."""

    at: datetime
    kind: Kind
    what: str
    by: str
    why: str
    page: str
    run_id: str | None = None


def timeline(tables: Tables, trained: Iterable[Model] = ()) -> list[Event]:
    """Every event, newest first. Of the decisions, those that changed an experiment's verdict."""
    every = [*_configs(tables), *_verdicts(tables), *_trainings(trained)]
    for one in experiments(tables):
        every += _of_experiment(one)
    return sorted(every, key=lambda event: event.at, reverse=True)


def between(events: Sequence[Event], start: datetime, end: datetime) -> list[Event]:
    """The events from start on and before end."""
    return [event for event in events if start <= event.at < end]


def _configs(tables: Tables) -> list[Event]:
    return [
        Event(
            one.applied_at,
            Kind.CONFIG,
            f"config {one.version}: {one.traffic}",
            one.decided_by,
            one.cause,
            f"/deployments#config-{one.version}",
        )
        for one in deployments(tables)
    ]


def _verdicts(tables: Tables) -> list[Event]:
    changed = pl.col("verdict").ne_missing(pl.col("verdict").shift().over("experiment_id"))
    rows = (
        tables.read(PROMOTION_DECISION)
        .sort(POSITION)
        .select(
            "experiment_id", POSITION, "decided_at", "verdict", "reasons", "decided_by", "run_id"
        )
        .filter(changed)
        .collect()
    )
    return [
        Event(
            row["decided_at"],
            Kind.VERDICT,
            f"{row['verdict']} in {row['experiment_id']}",
            row["decided_by"],
            row["reasons"].replace("\n", "; "),
            f"/experiments/{row['experiment_id']}/decisions/{row[POSITION]}",
            row["run_id"],
        )
        for row in rows.iter_rows(named=True)
    ]


def _of_experiment(one: Experiment) -> list[Event]:
    page = f"/experiments/{one.experiment_id}"
    rivals = f"{one.challenger.served_name} against {one.champion.served_name}"
    opening = f"{one.experiment_id} opened: {rivals}"
    events = [Event(one.opened_at, Kind.EXPERIMENT, opening, one.opened_by, "", page)]
    if not one.is_running:
        ended = f"{one.experiment_id} {one.state.replace('_', ' ')}"
        events.append(
            Event(one.stage_since, Kind.EXPERIMENT, ended, one.decided_by, one.cause, page)
        )
    return events


def _trainings(trained: Iterable[Model]) -> list[Event]:
    return [
        Event(
            one.version.created_at,
            Kind.TRAINING,
            f"{one.served_name} registered",
            "",
            "",
            f"/models#{one.served_name}",
        )
        for one in trained
        if one.version.created_at
    ]
