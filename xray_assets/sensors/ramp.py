"""A step of the ramp that goes out."""

import dagster as dg

from xray_assets.jobs import deploy
from xray_assets.resources.ramp import Ramp
from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import next_step
from xray_assets.rollout.served import EndpointUnreachable
from xray_assets.rollout.state import read_state
from xray_assets.sensors.asking import request


@dg.sensor(job=deploy, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1)
def promotion_decided(context: dg.SensorEvaluationContext, ramp: Ramp):
    """Reconcile what is served with what is wanted and decided: ramp, roll back, or put right."""
    state = read_state(ramp.tables)
    if state.last is None:
        return dg.SkipReason("no experiment yet: materialize gold/endpoint_config")
    try:
        step = next_step(observe(ramp, state.last), ramp.policy)
    except EndpointUnreachable as error:
        return dg.SkipReason(f"cannot see what is served: {error}")
    if not step.is_change:
        return dg.SkipReason(step.cause)
    level = f"generation-{state.generation}-{step.kind}-{step.stage}"
    change = {"action": "step", "generation": state.generation}
    return request(
        context,
        deploy.name,
        level,
        cursor=level,
        run_config={"ops": {"endpoint_config": {"config": change}}},
    )
