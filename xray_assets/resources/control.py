"""The control room: reads and keeps the state of experiments, and observes what the reconciler must
see.

Used by the asset `gold/endpoint_config`, by the sensor `promotion_decided` and by the CLI, so that
all three see the same. What to do is decided in `rollout/`; this resource only reads and writes.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

import dagster as dg
import polars as pl

from xray_assets.audit.chain import POSITION, edited
from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    ENDPOINT_CONFIG,
    ERASURES,
    EXPERIMENTS,
    FAMILIES,
    PREDICTIONS,
    PROMOTION_DECISION,
    Catalog,
)
from xray_assets.contracts.tables import ENDPOINT_CONFIG as ENDPOINT_CONFIG_CONTRACT
from xray_assets.contracts.tables import EXPERIMENTS as EXPERIMENTS_CONTRACT
from xray_assets.reasons import ALARMS, Reason, from_columns
from xray_assets.resources.endpoint import ModelServing, ServedConfig, ServedEntity
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.tables import Tables
from xray_assets.rollout.experiment import PROMOTED, Experiment
from xray_assets.rollout.guards import GuardLimits, red_guards
from xray_assets.rollout.reconcile import Observation, RampPolicy


class RolloutControl(dg.ConfigurableResource):
    """State of experiments and the settings of the ramp. Shares in percent, times in seconds."""

    tables: dg.ResourceDependency[Tables]
    serving: dg.ResourceDependency[ModelServing]
    inference_log: dg.ResourceDependency[InferenceLog]
    environment: str
    starting_share: int
    ramp: list[int]
    dwell_seconds: float
    dwell_requests: int
    max_days: float
    promotion: Literal["auto", "recommend"]
    approvers: int
    max_error_rate: float
    max_fallback_rate: float
    max_p95_ms: float
    min_guard_requests: int

    @property
    def policy(self) -> RampPolicy:
        """The ramp's settings."""
        return RampPolicy(
            tuple(self.ramp),
            timedelta(seconds=self.dwell_seconds),
            self.dwell_requests,
            timedelta(days=self.max_days),
            self.promotion,
            self.approvers,
        )

    @property
    def model_names(self) -> list[str]:
        """Full names of the registered models, the first champion first."""
        return [Catalog(self.environment).table(one.model) for one in FAMILIES.values()]

    def experiment(self) -> Experiment | None:
        """The last experiment; None before the first."""
        rows = self.tables.read(EXPERIMENTS).sort("opened_at").tail(1).collect()
        return Experiment.from_row(rows.row(0, named=True)) if rows.height else None

    def last_promotion(self) -> Experiment | None:
        """The last experiment that ended promoted; None where none did."""
        promoted = self.tables.read(EXPERIMENTS).filter(pl.col("state") == PROMOTED)
        rows = promoted.sort("opened_at").tail(1).collect()
        return Experiment.from_row(rows.row(0, named=True)) if rows.height else None

    def save(self, experiment: Experiment) -> None:
        """Keep the experiment's present state."""
        self.tables.merge(
            EXPERIMENTS, pl.DataFrame([experiment.as_row()], schema=EXPERIMENTS_CONTRACT.schema)
        )

    def observe(self, experiment: Experiment) -> Observation:
        """What the endpoint serves, what was decided, and which guards are red. Raises
        EndpointUnreachable.
        """
        served = self.serving.served()
        decisions = self.decisions(experiment)
        decision = decisions.row(-1, named=True) if decisions.height else None
        traffic = self.inference_log.traffic(served.config_version) if served else []
        challenger = next(
            (arm for arm in traffic if arm.served_name == experiment.challenger.served_name), None
        )
        reasons = from_columns(decision) if decision else ()
        limits = GuardLimits(
            self.max_error_rate, self.max_fallback_rate, self.max_p95_ms, self.min_guard_requests
        )
        alarms = [reason for reason in reasons if reason.code in ALARMS]
        alarms += [Reason("record", sentence) for sentence in self._edits(decision)]
        return Observation(
            experiment=experiment,
            served=served.traffic if served and self._is_known(served, experiment) else None,
            served_experiment=served.experiment_id if served else None,
            verdict=decision["verdict"] if decision else None,
            reasons=reasons,
            decision_id=decision["decision_id"] if decision else None,
            requests=sum(arm.requests for arm in traffic),
            red=red_guards(challenger, limits, log_gaps=self.log_gaps(), alarms=alarms),
            now=datetime.now(UTC),
            verdict_since=_held_since(decisions),
        )

    def decisions(self, experiment: Experiment) -> pl.DataFrame:
        """Id, time, verdict and reasons of the experiment's decisions, oldest first."""
        return (
            self.tables.read(PROMOTION_DECISION)
            .filter(pl.col("experiment_id") == experiment.experiment_id)
            .sort(POSITION)
            .select("decision_id", "decided_at", "verdict", "reason_codes", "reasons")
            .collect()
        )

    def _edits(self, decision: dict | None) -> list[str]:
        """What shows that this decision was edited after it was made: nobody may act on it."""
        if decision is None:
            return []
        stored = self.tables.read(PROMOTION_DECISION).filter(
            pl.col("decision_id") == decision["decision_id"]
        )
        return [sentence for row in stored.collect().to_dicts() for sentence in edited(row)]

    def record(self, served: ServedConfig, *, decided_by: str, cause: str) -> None:
        """Keep a config that the endpoint was seen to serve."""
        rows = [
            {
                "config_version": served.config_version,
                "experiment_id": served.experiment_id,
                "endpoint_name": self.serving.endpoint_name,
                "served_model_name": entity.name,
                "model_name": entity.model,
                "model_version": entity.version,
                "role": entity.role,
                "traffic_percentage": entity.traffic_percentage,
                "artifact_sha256": entity.artifact_sha256,
                "decided_by": decided_by,
                "cause": cause,
                "applied_at": datetime.now(UTC),
            }
            for entity in served.entities
        ]
        self.tables.merge(
            ENDPOINT_CONFIG,
            pl.DataFrame(rows, schema=ENDPOINT_CONFIG_CONTRACT.schema),
            insert_only=True,
        )

    def is_recorded(self, served: ServedConfig) -> bool:
        """True when gold.endpoint_config holds this config; after a crash between serving and
        recording it does not.
        """
        rows = self.tables.read(ENDPOINT_CONFIG).filter(
            pl.col("config_version") == served.config_version
        )
        return rows.limit(1).collect().height > 0

    def log_gaps(self) -> int:
        """Positions that the table of predictions lacks, but for requests that were erased."""
        facts = (
            self.tables.read(PREDICTIONS)
            .select(n=pl.len(), low=pl.col("log_position").min(), high=pl.col("log_position").max())
            .collect()
            .row(0, named=True)
        )
        erased = self.tables.read(ERASURES).select(pl.col("requests").sum()).collect().item()
        gaps = facts["high"] - facts["low"] + 1 - facts["n"] if facts["n"] else 0
        return max(0, gaps - erased)

    def _is_known(self, served: ServedConfig, experiment: Experiment) -> bool:
        """True when the config is recorded and, where its shares are the wanted ones, its models
        are the frozen artifacts in the wanted roles.
        """
        frozen = served.traffic != experiment.wanted_traffic() or set(served.entities) == set(
            wanted_entities(experiment)
        )
        return frozen and self.is_recorded(served)


def _held_since(decisions: pl.DataFrame) -> datetime | None:
    """When the last verdict was first reached without another one since."""
    if decisions.is_empty():
        return None
    last = decisions["verdict"].item(-1)
    others = decisions.with_row_index().filter(pl.col("verdict") != last)["index"]
    return decisions["decided_at"].item(others.item(-1) + 1 if len(others) else 0)


def wanted_entities(experiment: Experiment) -> list[ServedEntity]:
    """The served entities of the experiment's wanted traffic, champion first."""
    if not experiment.is_running:
        return [ServedEntity.of(experiment.winner, CHAMPION, 100)]
    return [
        ServedEntity.of(experiment.champion, CHAMPION, 100 - experiment.stage),
        ServedEntity.of(experiment.challenger, CHALLENGER, experiment.stage),
    ]
