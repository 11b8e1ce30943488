"""The stored state of the ramp: experiments (read, saved), decisions (read), and the configs that
the endpoint was seen to serve (read, recorded).

A save is a compare-and-swap on the generation of gold.experiments, which every save raises by one:
of two that saw the same state one is saved, the other raises StaleWrite and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from xray_assets import clock
from xray_assets.audit.chain import POSITION
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    ENDPOINT_NAME,
    ERASURES,
    EXPERIMENTS,
    PREDICTIONS,
    PROMOTION_DECISION,
)
from xray_assets.rollout.experiment import PROMOTED, WITHDRAWN, Experiment
from xray_assets.rollout.experiment_rows import experiment_of, row_of
from xray_assets.rollout.served import ServedConfig

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.lake.tables import Tables


@dataclass(frozen=True)
class State:
    """gold.experiments as it was read: its generation, and every experiment in order of opening."""

    generation: int = 0
    experiments: tuple[Experiment, ...] = ()

    @property
    def last(self) -> Experiment | None:
        """The experiment that says what should be served; None before the first."""
        standing = [one for one in self.experiments if one.state != WITHDRAWN]
        return standing[-1] if standing else None

    @property
    def last_promotion(self) -> Experiment | None:
        """The last experiment that ended promoted; None where none did."""
        promoted = [one for one in self.experiments if one.state == PROMOTED]
        return promoted[-1] if promoted else None

    def __str__(self) -> str:
        """What stands now, for people."""
        last = self.last
        return f"{last.experiment_id} is {last.state}, {last.cause}" if last else "no experiment"

    @property
    def of_last_save(self) -> tuple[Experiment, ...]:
        """What the newest generation wrote."""
        return tuple(one for one in self.experiments if one.generation == self.generation)


def read_state(tables: "Tables") -> State:
    """The stored experiments."""
    rows = tables.read(EXPERIMENTS).sort("opened_at").collect().to_dicts()
    experiments = tuple(map(experiment_of, rows))
    return State(max((one.generation for one in experiments), default=0), experiments)


def last_experiment(tables: "Tables") -> Experiment | None:
    """The experiment that says what should be served; None before the first."""
    return read_state(tables).last


def save(tables: "Tables", changed: Sequence[Experiment], *, seen: int) -> State:
    """Save changed experiments as one generation, while the stored one is still `seen`; returns
    the state after it. Raises StaleWrite.
    """
    rows = [row_of(replace(one, generation=seen + 1)) for one in changed]
    tables.advance(
        EXPERIMENTS,
        pl.DataFrame(rows, infer_schema_length=None),
        counter="generation",
        expected=seen,
    )
    return read_state(tables)


def decisions_of(tables: "Tables", experiment: Experiment) -> pl.DataFrame:
    """Id, time, verdict and reasons of the experiment's decisions, oldest first."""
    return (
        tables.read(PROMOTION_DECISION)
        .filter(pl.col("experiment_id") == experiment.experiment_id)
        .sort(POSITION)
        .select("decision_id", "decided_at", "verdict", "reason_codes", "reasons")
        .collect()
    )


def record(
    tables: "Tables",
    served: ServedConfig,
    *,
    decided_by: str,
    cause: str,
    decision_id: str | None = None,
    endpoint_name: str = ENDPOINT_NAME,
) -> None:
    """Keep a config that the endpoint was seen to serve."""
    rows = [
        {
            "config_version": served.config_version,
            "experiment_id": served.experiment_id,
            "endpoint_name": endpoint_name,
            "served_model_name": entity.name,
            "model_name": entity.model,
            "model_version": entity.version,
            "role": entity.role,
            "traffic_percentage": entity.traffic_percentage,
            "artifact_sha256": entity.artifact_sha256,
            "generation": served.generation,
            "decided_by": decided_by,
            "decision_id": decision_id,
            "cause": cause,
            "applied_at": clock.now(),
        }
        for entity in served.entities
    ]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    tables.merge(ENDPOINT_CONFIG, frame, insert_only=True)


def is_recorded(tables: "Tables", served: ServedConfig) -> bool:
    """True when gold.endpoint_config holds this config; after a crash between serving and recording
    it does not.
    """
    rows = tables.read(ENDPOINT_CONFIG).filter(pl.col("config_version") == served.config_version)
    return rows.limit(1).collect().height > 0


def first_one_waits(tables: "Tables") -> bool:
    """True while an experiment is saved and no config was ever seen to be served."""
    if last_experiment(tables) is None:
        return False
    return tables.read(ENDPOINT_CONFIG).limit(1).collect().is_empty()


def waiting(tables: "Tables") -> str:
    """A sentence while what is wanted was not yet seen to be served, as far as the tables say;
    else "".
    """
    experiment = last_experiment(tables)
    if experiment is None:
        return ""
    configs = tables.read(ENDPOINT_CONFIG)
    newest = configs.filter(pl.col("config_version") == pl.col("config_version").max()).collect()
    shares = dict(newest.select("served_model_name", "traffic_percentage").iter_rows())
    live = experiment.experiment_id if experiment.is_running else None
    if shares == experiment.wanted_traffic() and {live} == {*newest["experiment_id"]}:
        return ""
    return (
        f"wanted since {experiment.stage_since:%Y-%m-%d %H:%M:%S} UTC and not yet served: "
        f"{experiment.wanted_traffic()}, {experiment.cause} (by {experiment.decided_by}); "
        "the next tick of promotion_decided carries it out, `xray experiment withdraw` takes back "
        "a person's word"
    )


def log_gaps(tables: "Tables") -> int:
    """Positions that the table of predictions lacks, but for requests that were erased."""
    facts = (
        tables.read(PREDICTIONS)
        .select(n=pl.len(), low=pl.col("log_position").min(), high=pl.col("log_position").max())
        .collect()
        .row(0, named=True)
    )
    gaps = facts["high"] - facts["low"] + 1 - facts["n"] if facts["n"] else 0
    return gaps - _erased_between(tables, facts["low"], facts["high"]) if gaps else 0


def _erased_between(tables: "Tables", low: int, high: int) -> int:
    """Positions that erasures took out of the table of predictions, between two that it holds."""
    position = pl.col("log_position")
    planned = tables.read(ERASURES).select(log_position=pl.col("log_positions").explode().unique())
    positions = planned.filter(position.is_between(low, high)).collect()["log_position"].to_list()
    there = tables.read(PREDICTIONS).filter(position.is_in(positions)).select(pl.len())
    return len(positions) - there.collect().item()
