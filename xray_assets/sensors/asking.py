"""How a sensor asks for a run: one for a level, again after a failure, never beside another.

A run key carries the number of earlier tries, because a failed run burns its key.
"""

from datetime import UTC, datetime, timedelta
from itertools import takewhile

import dagster as dg

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


def request(
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
    if words := under_way(context.instance, job_name):
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


def under_way(instance: dg.DagsterInstance, *jobs: str) -> str | None:
    """Which run of these jobs is not to be started beside; one that nobody carries out is not
    waited for.
    """
    runs = (run for run in unfinished_runs(instance, *jobs) if not run.is_dead)
    return next((run.in_words() for run in runs), None)


def last_one_failed(instance: dg.DagsterInstance, job: str) -> bool:
    """True when the last run of this job that ended has failed."""
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
