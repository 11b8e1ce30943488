"""What the reconciler must see: read from the endpoint, its log and the tables. Changes nothing."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from xray_assets import clock
from xray_assets.audit.chain import edited
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.reasons import ALARMS, Reason, from_columns
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.guards import red_guards
from xray_assets.rollout.monitoring_guard import held_by_monitoring, monitored
from xray_assets.rollout.reconcile import Observation
from xray_assets.rollout.served import ServedConfig, wanted_entities
from xray_assets.rollout.state import decisions_of, is_recorded, log_gaps

if TYPE_CHECKING:  # Dagster comes with them
    from xray_assets.lake.tables import Tables
    from xray_assets.resources.ramp import Ramp


def observe(ramp: "Ramp", experiment: Experiment) -> Observation:
    """What the endpoint serves, what was decided, and which guards are red or hold. Raises
    EndpointUnreachable.
    """
    tables, served, now = ramp.tables, ramp.serving.served(), clock.now()
    decisions = decisions_of(tables, experiment)
    decision = decisions.row(-1, named=True) if decisions.height else None
    traffic = ramp.inference_log.traffic(served.config_version) if served else []
    challenger = next(
        (arm for arm in traffic if arm.served_name == experiment.challenger.served_name), None
    )
    reasons = from_columns(decision) if decision else ()
    alarms = [reason for reason in reasons if reason.code in ALARMS] + _edits(tables, decision)
    return Observation(
        experiment=experiment,
        served=served.traffic if served and _is_known(tables, served, experiment) else None,
        served_experiment=served.experiment_id if served else None,
        verdict=decision["verdict"] if decision else None,
        reasons=reasons,
        decision_id=decision["decision_id"] if decision else None,
        requests=sum(arm.requests for arm in traffic),
        red=red_guards(challenger, ramp.limits, log_gaps=log_gaps(tables), alarms=alarms),
        now=now,
        verdict_since=_held_since(decisions),
        holds=held_by_monitoring(monitored(tables, experiment), experiment.opened_at, now),
    )


def _edits(tables: "Tables", decision: dict[str, Any] | None) -> list[Reason]:
    """What shows that this decision was edited after it was made: nobody may act on it."""
    if decision is None:
        return []
    stored = tables.read(PROMOTION_DECISION)
    rows = stored.filter(pl.col("decision_id") == decision["decision_id"]).collect().to_dicts()
    return [Reason("record", sentence) for row in rows for sentence in edited(row)]


def _is_known(tables: "Tables", served: ServedConfig, experiment: Experiment) -> bool:
    """True when the config is recorded and, where its shares are the wanted ones, its models are
    the frozen artifacts in the wanted roles.
    """
    frozen = served.traffic != experiment.wanted_traffic() or set(served.entities) == set(
        wanted_entities(experiment)
    )
    return frozen and is_recorded(tables, served)


def _held_since(decisions: pl.DataFrame) -> datetime | None:
    """When the last verdict was first reached without another one since."""
    if decisions.is_empty():
        return None
    last = decisions["verdict"].item(-1)
    others = decisions.with_row_index().filter(pl.col("verdict") != last)["index"]
    return decisions["decided_at"].item(others.item(-1) + 1 if len(others) else 0)
