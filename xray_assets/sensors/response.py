"""What is due about monitoring: an answer, an alert that did not arrive, a run that failed."""

import dagster as dg

from xray_assets.audit.chain import BrokenRecord, Head
from xray_assets.audit.coverage import CHAIN_HEAD
from xray_assets.catalog import MONITORING_RECORD
from xray_assets.jobs import monitor, respond
from xray_assets.resources.alerts import Alerts
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.tables import Tables
from xray_assets.sensors.asking import request, under_way


@dg.sensor(job=respond, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=30)
def response_due(
    context: dg.SensorEvaluationContext,
    tables: Tables,
    alerts: Alerts,
    monitoring_desk: MonitoringDesk,
):
    """Request a run that answers what is due by now: judged days, escalations, alerts that are not
    sent; or that witnesses what a person said.
    """
    from xray_assets.monitoring.response.answer import is_due
    from xray_assets.monitoring.response.record import end_of, read

    if words := under_way(context.instance, monitor.name):
        return dg.SkipReason(f"{words}, and answers too")
    head = end_of(rows := read(tables))
    due = is_due(tables, rows, alerts.senders, now=monitoring_desk.now())
    if not due and head in (Head.START, _witnessed(context.instance)):
        return dg.SkipReason(f"nothing is due after row {head.position}")
    return request(
        context, respond.name, f"record-{head.position}", cursor=str(head), run_config=None
    )


@dg.run_failure_sensor(
    monitored_jobs=[monitor, respond], default_status=dg.DefaultSensorStatus.RUNNING
)
def monitoring_failed(
    context: dg.RunFailureSensorContext,
    tables: Tables,
    alerts: Alerts,
    monitoring_desk: MonitoringDesk,
) -> None:
    """Put an alert of a failed run into the record; `response_due` sends it. Of a record that can
    hold none any more people are told at once.
    """
    from xray_assets.monitoring.response.acts import run_failed
    from xray_assets.notices.notice import Notice

    run, problem = context.dagster_run, context.failure_event.message or ""
    try:
        run_failed(
            tables,
            job=run.job_name,
            run_id=run.run_id,
            problem=problem,
            now=monitoring_desk.now(),
        )
    except BrokenRecord as error:
        for sender in alerts.senders(escalated=True):
            sender.send(Notice(run.run_id, "Monitoring: its record is broken", str(error)))


def _witnessed(instance: dg.DagsterInstance) -> Head | None:
    """The head in the newest event of the record."""
    event = instance.get_latest_materialization_event(dg.AssetKey(MONITORING_RECORD))
    seen = event.asset_materialization if event else None
    head = seen.metadata.get(CHAIN_HEAD) if seen else None
    return Head.parse(str(head.value)) if head else None
