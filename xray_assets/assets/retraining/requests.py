"""Gold: what asked for a retraining, and what came of it. Decides; trains nothing."""

from typing import Literal

import dagster as dg

from xray_assets import clock
from xray_assets.assets.entries import asset
from xray_assets.catalog import (
    EXPERIMENTS,
    FILM_FEATURES,
    HOURLY_TRAFFIC,
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    XRAY_METADATA,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.jobs import retrain
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import RetrainingDesk
from xray_assets.runs.unfinished import alive_runs

BY_HAND = "ask for one: `xray retrain --reason TEXT`"


class Ask(dg.Config):
    """What a run is asked to do: nothing ("Materialize all"), to take on what is due or was
    registered, or what a person wants.
    """

    ask: Literal["", "due", "manual"] = ""
    by: str = ""
    reason: str = ""
    recalibrate: bool = False
    """Move the champion's operating point, and train nothing"""


@asset(
    RETRAINING_REQUESTS,
    deps=[
        MONITORING_RECORD,
        PREDICTION_FEEDBACK,
        REVIEW_ASSIGNMENTS,
        REVIEW_POLICY,
        HOURLY_TRAFFIC,
        FILM_FEATURES,
        EXPERIMENTS,
        XRAY_METADATA,
    ],
)
def retraining_requests(
    context: dg.AssetExecutionContext,
    config: Ask,
    tables: Tables,
    ramp: Ramp,
    retraining_desk: RetrainingDesk,
) -> dg.MaterializeResult:
    """Take on what was registered, and decide about what asks for a retraining."""
    if not config.ask:
        context.log.info(f"nothing was asked: {BY_HAND}")
        shown = {"how_to_start": BY_HAND}
    else:
        shown = _decided(context, config, tables, ramp, retraining_desk)
    return dg.MaterializeResult(metadata=table_metadata(tables, RETRAINING_REQUESTS) | shown)


def _decided(
    context: dg.AssetExecutionContext, config: Ask, tables: Tables, ramp: Ramp, desk: RetrainingDesk
) -> dict[str, str]:
    from xray_assets.retraining.deciding.due import due
    from xray_assets.retraining.deciding.facts import Word
    from xray_assets.retraining.deciding.gather import gather
    from xray_assets.retraining.opening import settle
    from xray_assets.retraining.requests import end_dead, read_requests, row_of, save

    for row in settle(tables, ramp, desk.mode):
        context.log.info(f"{row['request_id']} is {row['state']}: {row['reason']}")
    alive, now = alive_runs(context.instance, retrain.name), clock.now()
    end_dead(tables, alive.__contains__)
    manual = config.ask == "manual"
    word = Word(config.by, config.reason, config.recalibrate) if manual else None
    facts = gather(tables, mode=desk.mode, now=now, is_alive=alive.__contains__, word=word)
    decision = due(facts, now)
    rows = read_requests(tables)
    if row := row_of(decision, facts, rows, now=now, run_id=context.run_id):
        save(tables, row)
    context.log.info(f"{decision.action}: {decision.reason}")
    return {
        "action": decision.action,
        "triggers": ", ".join(decision.triggers) or "none",
        "reason": str(decision.reason),
        "request": row["request_id"] if row else "none",
    }
