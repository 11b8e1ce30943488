"""A power cut, again and again: every process of the stack is killed at a random moment of
`evaluate`, of `deploy` and of the ramp; then `xray up`, and nothing else.

    python -m benchmarks.stack.hard_kills [--kills 50] [--seed 0]

It ended right when the loop went on by itself: no run is left that nobody carries out, all feedback
is decided on, what is served is what is wanted, and every acknowledged request is in the tables
once. Prints how often it did, and the longest recovery (from `xray up` until all of that).
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import dagster as dg

from benchmarks.stack.loop import Loop, wait_until
from xray_assets.catalog import PREDICTIONS
from xray_assets.rollout.state import last_experiment
from xray_assets.runs.unfinished import unfinished_runs

WAVE = 12
LONGEST_WAIT_SECONDS = 6.0


def under_way(instance: dg.DagsterInstance) -> str:
    """The job that runs now; `nothing` where none does."""
    begun = [run.job for run in unfinished_runs(instance) if run.process]
    return begun[0] if begun else "nothing"


def kill_at_a_random_moment(loop: Loop, instance: dg.DagsterInstance, chance: random.Random) -> str:
    """Send traffic and reads, wait for a run or a while, kill everything; what was under way."""
    loop.read(loop.send(WAVE))
    target = chance.choice(("evaluate", "deploy", "anything"))
    began = time.monotonic()
    while target not in (under_way(instance), "anything"):
        if time.monotonic() - began > LONGEST_WAIT_SECONDS:
            break
        time.sleep(0.02)
    time.sleep(chance.uniform(0, 3))
    found = under_way(instance)
    loop.kill_everything()
    experiment = last_experiment(loop.roles.tables)
    return f"{found} at stage {experiment.stage if experiment else 0}"


def has_recovered(loop: Loop, instance: dg.DagsterInstance) -> bool:
    """True when the loop goes on and no dead run is left."""
    return not any(run.is_dead for run in unfinished_runs(instance)) and loop.goes_on()


def all_requests_once(loop: Loop) -> bool:
    """True when the tables hold each moved request once, without a gap."""
    rows = loop.roles.tables.read(PREDICTIONS).select("log_position").collect()["log_position"]
    return rows.n_unique() == len(rows) == (rows.max() or 0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    chance, moments = random.Random(chosen.seed), Counter[str]()
    recoveries: list[float] = []
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(Path(folder), follow_seconds=5)
        while sum(moments.values()) < chosen.kills:
            loop.begin_anew()
            loop.xray("up", "--detach")
            try:
                loop.xray("materialize", "deploy")
                with dg.DagsterInstance.from_config(str(loop.settings.dagster_home)) as instance:
                    while sum(moments.values()) < chosen.kills:
                        moment = kill_at_a_random_moment(loop, instance, chance)
                        moments[moment] += 1
                        began = time.monotonic()
                        loop.xray("up", "--detach")
                        up = time.monotonic() - began
                        wait_until(lambda: has_recovered(loop, instance), "the recovery", every=0.5)
                        recoveries.append(time.monotonic() - began)
                        right += all_requests_once(loop)
                        print(f"{moment}: {up:.1f} + {recoveries[-1] - up:.1f} s", flush=True)
                        experiment = last_experiment(loop.roles.tables)
                        if experiment is None or not experiment.is_running:
                            break
            finally:
                loop.xray("down")
    for moment, count in sorted(moments.items()):
        print(f"{count:4d} killed during {moment}")
    print(
        f"ended right {right} of {sum(moments.values())}; longest recovery {max(recoveries):.1f} s"
    )


if __name__ == "__main__":
    main()
