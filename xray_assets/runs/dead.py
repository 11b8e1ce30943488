"""Runs whose process is gone: Dagster would wait for them, and their pools with it, for hours."""

import dagster as dg

from xray_assets.runs.unfinished import BEGUN, unfinished_runs


def end_dead_runs(instance: dg.DagsterInstance) -> list[str]:
    """End every run that nobody carries out, free its pools, and return the ids.

    Called while nothing launches runs: one that names no process then was never handed to one.
    """
    ended = []
    for found in unfinished_runs(instance):
        process, run = found.process, instance.get_run_by_id(found.run_id)
        if (process and process.is_alive) or run is None or run.status not in BEGUN:
            continue
        gone = f"process {process.pid} that carried it out is gone" if process else "never started"
        if run.status == dg.DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, gone)
        else:
            instance.report_run_failed(run, gone)
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended
