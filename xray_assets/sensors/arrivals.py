"""Requests and feedback that come in."""

import time
from datetime import timedelta

import dagster as dg

from xray_assets import clock
from xray_assets.catalog import FEEDBACK_PENDING, PREDICTION_FEEDBACK, SCORED_COUNTS
from xray_assets.jobs import evaluate, follow, lineage
from xray_assets.resources.feedback import FeedbackInbox
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.tables import Tables
from xray_assets.sensors.asking import last_one_failed, request, under_way


@dg.sensor(job=evaluate, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=1)
def feedback_arrived(
    context: dg.SensorEvaluationContext,
    tables: Tables,
    inbox: FeedbackInbox,
    inference_log: InferenceLog,
):
    """Request one run from predictions to decision when the inbox is ahead of the tables, when a
    waiting read can be settled (its prediction has come, or its time is up), or when the last such
    run failed: it may have taken the feedback in and decided nothing.
    """
    from xray_assets.feedback.intake.run import awaited, pending_is_due

    sent, taken = inbox.end(), inbox.resume(tables, PREDICTION_FEEDBACK)
    waiting = tables.row_count(FEEDBACK_PENDING)
    come = bool(waiting and inference_log.holds(awaited(tables)))
    due = pending_is_due(tables, timedelta(seconds=inbox.pending_seconds), clock.now())
    cut_off = last_one_failed(context.instance, evaluate.name)
    if not inbox.is_ahead(taken) and not due and not come and not cut_off:
        return dg.SensorResult(
            skip_reason=f"all {taken.position} feedbacks of the inbox are in the tables, "
            f"{waiting} wait for their prediction",
            cursor=str(sent),
        )
    level = f"feedback-{sent}" + (f"-waiting-{waiting}" if waiting else "")
    return request(context, evaluate.name, level, cursor=str(sent), run_config=None)


@dg.sensor(job=follow, default_status=dg.DefaultSensorStatus.RUNNING, minimum_interval_seconds=2)
def requests_logged(
    context: dg.SensorEvaluationContext, tables: Tables, inference_log: InferenceLog
):
    """Request a run that moves, pairs and counts what the endpoint logged, when the log has been
    ahead of the tables for `follow_seconds`. The cursor is when it was first seen ahead.
    """
    # SCORED_COUNTS: the table that such a run writes last
    logged, moved = inference_log.end(), inference_log.resume(tables, SCORED_COUNTS)
    if not inference_log.is_ahead(moved):
        told = f"all {moved.position} requests are in the tables"
        return dg.SensorResult(skip_reason=told, cursor="")
    now = time.time()
    since = float(context.cursor or now)
    if now - since < inference_log.follow_seconds:
        return dg.SensorResult(
            skip_reason=f"{inference_log.behind(tables, SCORED_COUNTS)} requests wait, "
            f"up to {inference_log.follow_seconds:g} s",
            cursor=str(since),
        )
    if words := under_way(context.instance, evaluate.name, lineage.name):
        return dg.SensorResult(skip_reason=f"{words}, and moves them too", cursor=str(since))
    return request(context, follow.name, f"log-{logged}", cursor=str(now), run_config=None)
