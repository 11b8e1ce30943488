"""Days that are over."""

import dagster as dg

from xray_assets import clock
from xray_assets.jobs import monitor
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.tables import Tables
from xray_assets.sensors.asking import request


@dg.sensor(job=monitor, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
def day_closed(
    context: dg.SensorEvaluationContext,
    tables: Tables,
    monitoring_desk: MonitoringDesk,
    inference_log: InferenceLog,
):
    """Request a run that judges closed days, when the oldest one is whole in the tables or was
    waited for long enough.
    """
    from xray_assets.monitoring.days.run import due_days, is_taken, is_waited_for

    now, zone = clock.now(), monitoring_desk.timezone
    if not (due := due_days(tables, zone, now)):
        return dg.SensorResult(skip_reason="every closed day is judged", cursor="")
    taken = inference_log.behind(tables) == 0
    if is_waited_for(now, due[0], zone) and not is_taken(tables, due[0], zone, log_is_taken=taken):
        told = f"{due[0]} is over, and waits for requests to be moved, scored and drawn"
        return dg.SensorResult(skip_reason=told, cursor=str(due[0]))
    return request(context, monitor.name, f"day-{due[0]}", cursor=str(due[0]), run_config=None)
