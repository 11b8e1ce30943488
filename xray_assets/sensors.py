"""The edges that enter or leave the graph: requests and feedback come in, a ramp step goes out.

The sensors are level-triggered: they compare positions and states, never events, so that a lost,
doubled or late tick changes nothing. A run key carries the number of earlier tries, because a
failed run burns its key. A tick fails where a source is not the one that the tables took from
(SourceChanged).
"""

import time
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import dagster as dg

from xray_assets import clock
from xray_assets.catalog import FEEDBACK_PENDING, PREDICTION_FEEDBACK, SCORED_COUNTS
from xray_assets.jobs import deploy, evaluate, follow, lineage
from xray_assets.resources.feedback import FeedbackInbox
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.tables import Tables
from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import next_step
from xray_assets.rollout.served import EndpointUnreachable
from xray_assets.rollout.state import read_state
from xray_assets.runs.unfinished import unfinished_runs

LEVEL_TAG = "xray/level"
"""Tag of a sensor's runs: the level (position or stage) that they were asked to reach."""

_NOT_TRIED_AGAIN_BY_DAGSTER = {"dagster/max_retries": "0"}
"""A sensor asks again by itself, for what is wanted then."""

_ENDED = [
    dg.DagsterRunStatus.SUCCESS,
    dg.DagsterRunStatus.FAILURE,
    dg.DagsterRunStatus.CANCELED,
]

LONGEST_PAUSE_SECONDS = 600
"""Between tries of a job that keeps failing; after the first failure it is tried again at once."""


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
    cut_off = _last_one_failed(context.instance, evaluate.name)
    if not inbox.is_ahead(taken) and not due and not come and not cut_off:
        return dg.SensorResult(
            skip_reason=f"all {taken.position} feedbacks of the inbox are in the tables, "
            f"{waiting} wait for their prediction",
            cursor=str(sent),
        )
    level = f"feedback-{sent}" + (f"-waiting-{waiting}" if waiting else "")
    return _request(context, evaluate.name, level, cursor=str(sent), run_config=None)


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
    if words := _under_way(context.instance, evaluate.name, lineage.name):
        return dg.SensorResult(skip_reason=f"{words}, and moves them too", cursor=str(since))
    return _request(context, follow.name, f"log-{logged}", cursor=str(now), run_config=None)


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
    return _request(
        context,
        deploy.name,
        level,
        cursor=level,
        run_config={"ops": {"endpoint_config": {"config": change}}},
    )


def _request(
    context: dg.SensorEvaluationContext,
    job_name: str,
    level: str,
    *,
    cursor: str,
    run_config: dict | None,
) -> dg.SensorResult:
    """One run for a level, unless one is under way; after a failure the next attempt, with a new
    run key.
    """
    if words := _under_way(context.instance, job_name):
        return dg.SensorResult(skip_reason=words, cursor=cursor)
    if pause := _pause(context.instance, job_name):
        return dg.SensorResult(skip_reason=pause, cursor=cursor)
    attempt = len(
        context.instance.get_runs(dg.RunsFilter(job_name=job_name, tags={LEVEL_TAG: level}))
    )
    request = dg.RunRequest(
        run_key=f"{level}-attempt-{attempt}",
        run_config=run_config or {},
        tags={LEVEL_TAG: level, **_NOT_TRIED_AGAIN_BY_DAGSTER},
    )
    return dg.SensorResult(run_requests=[request], cursor=cursor)


def _under_way(instance: dg.DagsterInstance, *jobs: str) -> str | None:
    """Which run of these jobs is not to be started beside; one that nobody carries out is not
    waited for.
    """
    runs = (run for run in unfinished_runs(instance, *jobs) if not run.is_dead)
    return next((run.in_words() for run in runs), None)


def _last_one_failed(instance: dg.DagsterInstance, job: str) -> bool:
    last = instance.get_runs(dg.RunsFilter(job_name=job, statuses=_ENDED), limit=1)
    return bool(last) and last[0].status == dg.DagsterRunStatus.FAILURE


def _pause(instance: dg.DagsterInstance, job_name: str) -> str | None:
    """Why a job that keeps failing is not tried again yet; the pause doubles with each failure."""
    last = [
        record
        for record in instance.get_run_records(dg.RunsFilter(job_name=job_name), limit=20)
        if LEVEL_TAG in record.dagster_run.tags  # a person's refused run must not delay a rollback
    ]
    failures = list(takewhile(lambda record: not record.dagster_run.is_success, last))
    if len(failures) < 2:
        return None
    pause = timedelta(seconds=min(5 * 2 ** (len(failures) - 2), LONGEST_PAUSE_SECONDS))
    left = failures[0].update_timestamp.replace(tzinfo=UTC) + pause - datetime.now(UTC)
    if left <= timedelta(0):
        return None
    run_id = failures[0].dagster_run.run_id
    return f"{job_name} failed {len(failures)} times: next try in {left}, look at run {run_id}"


sensors = [feedback_arrived, requests_logged, promotion_decided]
