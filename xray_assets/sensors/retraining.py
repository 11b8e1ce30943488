"""The edge by which a retraining starts: what is due, and what was registered and backtested."""

import dagster as dg

from xray_assets import clock
from xray_assets.catalog import (
    BACKTESTS,
    EXPERIMENTS,
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
)
from xray_assets.jobs import retrain
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import RetrainingDesk
from xray_assets.runs.unfinished import alive_runs
from xray_assets.sensors.asking import request

LOOKED_AT = (
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    EXPERIMENTS,
    BACKTESTS,
)
"""A change of these is looked at within a minute, anything else within the hour."""


@dg.sensor(job=retrain, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=60)
def retraining_due(
    context: dg.SensorEvaluationContext, tables: Tables, retraining_desk: RetrainingDesk
):
    """Request a run that takes on a backtested candidate, or that writes down what is due: a
    request that is carried out, one that waits or asks a person, or a skip with its reason.
    """
    seen = f"{clock.now():%Y-%m-%d %H} {[tables.version(key) for key in LOOKED_AT]}"
    if seen == context.cursor:
        return dg.SkipReason("as at the last look, this hour")
    from xray_assets.retraining.deciding.due import due
    from xray_assets.retraining.deciding.gather import gather
    from xray_assets.retraining.opening import backtested
    from xray_assets.retraining.requests import read_requests, row_of

    asked = {"ops": {"__".join(RETRAINING_REQUESTS): {"config": {"ask": "due"}}}}
    for row, _ in backtested(tables):
        level = f"backtested-{row['request_id']}"
        return request(context, retrain.name, level, cursor=level, run_config=asked)
    now = clock.now()
    alive = alive_runs(context.instance, retrain.name)
    facts = gather(tables, mode=retraining_desk.mode, now=now, is_alive=alive.__contains__)
    decision = due(facts, now)
    rows = read_requests(tables)
    row = row_of(decision, facts, rows, now=now, run_id="")
    if row is None:
        told = f"{decision.action}: {', '.join(decision.triggers) or 'no trigger'}; "
        return dg.SensorResult(skip_reason=told + str(decision.reason), cursor=seen)
    level = f"{row['state']}-{row['reason_code']}-{row['triggers']}-{len(rows)}"
    return request(context, retrain.name, level, cursor=level, run_config=asked)
