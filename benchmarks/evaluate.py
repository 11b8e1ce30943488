"""The run from predictions to decision on a long history, then 1,000 new feedbacks on top of it.

    python -m benchmarks.evaluate --predictions 10000000 --feedbacks 1000000
    python -m benchmarks.evaluate --predictions 10000 --feedbacks 1000

Writes a log and an inbox as the endpoint and the feedback API would, runs the job `evaluate` in a
process of its own, and prints CPU seconds, wall seconds and peak memory of that process: for the
whole history, then for 1,000 new predictions with 1,000 new feedbacks. The history is spread over
30 days; 1,000 films stand for all. One experiment takes all of it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from xray_assets.settings import PROJECT
from xray_assets_tests.logged_world import LoggedWorld

NEW, DAYS = 1000, 30


def evaluate(world: LoggedWorld, title: str) -> float:
    """Run the job in a process of its own; prints and returns its CPU seconds."""
    environment = os.environ | {
        "XRAY_STATE": str(world.settings.state),
        "DAGSTER_HOME": str(world.settings.dagster_home),
    }
    world.settings.dagster_home.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.evaluate", "--job"],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    cpu, peak, steps = json.loads(done.stdout.splitlines()[-1])
    wall = time.monotonic() - began
    print(f"{title}: {cpu:.1f} s CPU in the job, {wall:.1f} s wall, peak {peak:.0f} MiB")
    for step, seconds in steps.items():
        if seconds > 0.2:
            print(f"    {step:<52} {seconds:6.2f} s")
    return cpu


def run_job() -> None:
    """The measured process: the job `evaluate`, without what importing costs."""
    import logging

    import dagster as dg

    from xray_assets.definitions import defs

    logging.disable()
    job = defs.resolve_job_def("evaluate")
    before = time.process_time()
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance)
    cpu = time.process_time() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = {
        event.step_key: event.event_specific_data.duration_ms / 1000
        for event in result.all_events
        if event.event_type_value == "STEP_SUCCESS"
    }
    print(json.dumps([cpu, peak, steps]))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--predictions", type=int, default=10_000)
    parser.add_argument("--feedbacks", type=int, default=1_000)
    parser.add_argument("--job", action="store_true")
    chosen = parser.parse_args()
    if chosen.job:
        run_job()
        return
    with tempfile.TemporaryDirectory() as folder:
        world = LoggedWorld(Path(folder) / "state")
        step_us = int(DAYS * 86_400e6 / (chosen.predictions + NEW))
        ids = world.predict(chosen.predictions, step_us)
        world.read(ids[:: max(1, chosen.predictions // chosen.feedbacks)][: chosen.feedbacks])
        print(f"{chosen.predictions:,} predictions, {chosen.feedbacks:,} feedbacks")
        evaluate(world, "the whole history")
        world.read(world.predict(NEW, step_us))
        evaluate(world, f"{NEW:,} new predictions and feedbacks on top")
        evaluate(world, "nothing new")


if __name__ == "__main__":
    main()
