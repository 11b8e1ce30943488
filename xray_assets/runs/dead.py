"""Runs whose process is gone: Dagster would wait for them, and their pools with it, for hours."""

import dagster as dg

from xray_assets.runs.identity import ProcessIdentity

BEGUN = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)
"""States that only a process can take a run out of. A queued run needs none yet."""


def is_dead(run: dg.DagsterRun) -> bool:
    """True when the process that carried the run out is gone. A run that names no process may still
    be on its way to one.
    """
    process = ProcessIdentity.of_run(run.tags)
    return run.status in BEGUN and process is not None and not process.is_alive


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End every run that nobody carries out, free its pools, and return the ids.

    Called while nothing launches runs: one that names no process then was never handed to one.
    """
    ended = []
    for found in instance.get_runs(dg.RunsFilter(statuses=list(BEGUN))):
        process = ProcessIdentity.of_run(found.tags)
        run = instance.get_run_by_id(found.run_id)
        if (process and process.is_alive) or run is None or run.is_finished:
            continue
        gone = f"process {process.pid} that carried it out is gone" if process else "never started"
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, gone)
        else:
            instance.report_run_failed(run, gone)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended
