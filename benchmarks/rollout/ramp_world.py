"""A ramp to be crashed: real Delta tables, a real MLflow registry, the real asset and sensor, and
an endpoint in memory.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import polars as pl

from benchmarks.rollout.crashes import PLAN, TWINS, EndpointInMemory, Twin, may_crash
from xray_assets.assets.endpoint import EndpointChange, endpoint_config
from xray_assets.audit.chain import Head, sealed
from xray_assets.catalog import EXPERIMENTS, PROMOTION_DECISION
from xray_assets.contracts.tables import PROMOTION_DECISION as DECISION_CONTRACT
from xray_assets.deployments import ramp as ramp_of
from xray_assets.reasons import Reason, as_columns
from xray_assets.resources.local.roles import roles as local_roles
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.ramp import Ramp
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.experiment_rows import experiment_of
from xray_assets.rollout.state import last_experiment, read_state
from xray_assets.scoring.registered import DIGEST_TAG, FAMILY_TAG, THRESHOLD_TAG
from xray_assets.sensors.ramp import promotion_decided
from xray_assets.settings import Settings
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

ALIASES = ("champion", "challenger", "previous_champion")
T = TypeVar("T")
BLANKS = {pl.String: "", pl.Int64: 0, pl.Int32: 0, pl.Float64: 0.0}


def register_two_models(settings: Settings) -> None:
    """One version of either model, with artifacts in the cache; made once for many worlds."""
    from xray_assets.scoring.mlflow_client import import_mlflow, prepare

    prepare(settings.mlflow_uri)
    client = import_mlflow().MlflowClient(settings.mlflow_uri, settings.mlflow_uri)
    names = ramp_of(settings, local_roles(settings)).model_names
    for name, family, slope in zip(names, ("keras", "pytorch"), (4.0, 5.0), strict=True):
        network = film_mean_network(slope=slope, offset=-2)
        artifact = write_artifact(settings.artifact_cache, network, family=family)
        client.create_registered_model(name)
        tags = {DIGEST_TAG: artifact.sha256, FAMILY_TAG: family, THRESHOLD_TAG: "0.5"}
        client.create_model_version(name, str(artifact.folder), tags=tags)


def a_decision(
    experiment: Experiment, verdict: str, reasons: Sequence[Reason], number: int
) -> pl.DataFrame:
    """A row of gold.promotion_decision that says so; what the ramp does not read is blank."""
    blank = {name: BLANKS.get(type(dtype)) for name, dtype in DECISION_CONTRACT.schema.items()}
    row = blank | {
        "decision_id": f"{experiment.experiment_id}-{number}",
        "experiment_id": experiment.experiment_id,
        "decided_at": datetime.now(UTC),
        "verdict": verdict,
        **as_columns(reasons),
    }
    row = sealed(row, Head(number, Head.START.row_hash))
    return pl.DataFrame([row], schema=DECISION_CONTRACT.schema)


@dataclass(frozen=True)
class AliasMove:
    """An alias as it was set, and what the endpoint served at that moment."""

    alias: str
    model: str
    traffic: dict[str, int]


class World:
    """One deployment in a folder; the registry is shared and starts without aliases."""

    def __init__(self, folder: Path, settings: Settings, **ramp: Any) -> None:
        ramp = {"ramp_dwell_seconds": 0, "ramp_dwell_requests": 0} | ramp
        self.settings = settings.model_copy(update={"lake_uri": str(folder / "lake"), **ramp})
        TWINS[str(folder)] = self.twin = Twin()
        roles = replace(local_roles(self.settings), serving=EndpointInMemory(host=str(folder)))
        self.ramp = ramp_of(self.settings, roles)
        self.tables = LocalDelta(root=self.settings.lake)
        self.registry = roles.registry
        self.registry.reconcile_aliases(dict.fromkeys(ALIASES), self.ramp.model_names)
        self.alias_moves: list[AliasMove] = []
        self.asked: list[EndpointChange] = []
        self.decisions = 0
        self.stale_steps: list[str] = []
        PLAN.on_alias = self._alias

    @property
    def experiment(self) -> Experiment:
        experiment = last_experiment(self.tables)
        assert experiment is not None
        return experiment

    def run(self, change: EndpointChange) -> bool:
        """A run of gold/endpoint_config as the job `deploy` does it; False when it crashed."""
        crashes, before = len(PLAN.crashed), read_state(self.tables)
        with may_crash():
            results: Any = endpoint_config(
                dg.build_asset_context(),
                config=change,
                ramp=self.ramp,
            )
            list(results)
        if before.last and change.action == "step" and change.generation != before.generation:
            after = self.experiment
            if (after.state, after.stage) != (before.last.state, before.last.stage):
                self.stale_steps.append(
                    f"a run from generation {change.generation} moved {before.generation}"
                )
        return len(PLAN.crashed) == crashes

    def step(self) -> bool:
        """A run of the step from the state as it is."""
        generation = read_state(self.tables).generation
        return self.run(EndpointChange(action="step", generation=generation))

    def act(self, said: Callable[[Ramp], T]) -> T | None:
        """What a person says to `xray`, in a process of its own; None when it crashed."""
        with may_crash():
            return said(self.ramp)

    def tick(self, instance: dg.DagsterInstance) -> EndpointChange | None:
        """What the sensor asks for now; it may crash as well."""
        result: Any = None
        with (
            dg.build_sensor_context(instance=instance, resources={"ramp": self.ramp}) as context,
            may_crash(),
        ):
            result = promotion_decided.evaluate_tick(context)
        if result is None or not result.run_requests:
            return None
        asked = result.run_requests[0].run_config["ops"]["endpoint_config"]["config"]
        change = EndpointChange(**asked)
        self.asked.append(change)
        return change

    def decide(self, verdict: str, code: str = "a_code") -> None:
        self.decisions += 1
        why = [Reason(code, "so it was said")]
        row = a_decision(self.experiment, verdict, why, self.decisions)
        self.tables.append(PROMOTION_DECISION, row)

    def states(self) -> list[Experiment]:
        """The experiment at every version of gold.experiments, oldest first."""
        from deltalake import DeltaTable

        uri = self.tables.uri(EXPERIMENTS)
        last = DeltaTable(uri).version()
        frames = (pl.read_delta(uri, version=version) for version in range(last + 1))
        return [experiment_of(row) for frame in frames for row in frame.to_dicts()]

    def _alias(self, model: str, alias: str, _version: str) -> None:
        self.alias_moves.append(
            AliasMove(alias, model, self.twin.now.traffic if self.twin.now else {})
        )
