"""A rollback while a run hangs that holds the gold tables' pool: seconds from the command to the
champion serving everything, with the whole stack up.

    python -m benchmarks.rollout.beside_a_hung_run [--times 3]
"""

import argparse
import os
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg

from benchmarks.stack.loop import Loop, wait_until
from xray_assets.rollout.state import last_experiment
from xray_assets.runs.unfinished import UnfinishedRun, unfinished_runs


def hung_run(loop: Loop, instance: dg.DagsterInstance) -> UnfinishedRun:
    """A run of `evaluate` that is stopped (SIGSTOP) as soon as it has begun."""
    loop.read(loop.send(12))
    found: list[UnfinishedRun] = []

    def has_begun() -> bool:
        found[:] = [
            run for run in unfinished_runs(instance) if run.job == "evaluate" and run.process
        ]
        return bool(found)

    wait_until(has_begun, "a run of evaluate", every=0.02)
    assert found[0].process is not None
    os.kill(found[0].process.pid, signal.SIGSTOP)
    return found[0]


def seconds_to_roll_back(loop: Loop) -> tuple[float, float]:
    """(until the champion served everything, until the command ended)."""
    experiment = last_experiment(loop.roles.tables)
    assert experiment is not None and experiment.is_running
    wanted = {experiment.champion.served_name: 100}

    def is_served() -> bool:
        served = loop.roles.serving.served()
        return served is not None and served.traffic == wanted

    assert not is_served()
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        command = pool.submit(loop.xray, "rollback", "--reason", "a proof")
        wait_until(is_served, "the rollback", every=0.05)
        served = time.monotonic() - began
        command.result()
    return served, time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(Path(folder))
        for _ in range(chosen.times):
            loop.begin_anew()
            loop.xray("up", "--detach")
            try:
                loop.xray("materialize", "deploy")
                with dg.DagsterInstance.from_config(str(loop.settings.dagster_home)) as instance:
                    hung = hung_run(loop, instance)
                    served, ended = seconds_to_roll_back(loop)
                    still = any(run.run_id == hung.run_id for run in unfinished_runs(instance))
                print(f"served after {served:.1f} s, command {ended:.1f} s; still hung: {still}")
                assert hung.process is not None
                os.kill(hung.process.pid, signal.SIGKILL)
            finally:
                loop.xray("down")


if __name__ == "__main__":
    main()
