"""The run from predictions to decision on a long history, then 1,000 new feedbacks on top of it.

    python -m benchmarks.evaluate --predictions 10000000 --feedbacks 1000000 --keep FOLDER

Writes a log and an inbox as the endpoint and the feedback API would, runs the job `evaluate` in a
process of its own, and prints CPU seconds, wall seconds and peak memory of that process: for the
whole history, then for 1,000 new predictions with 1,000 new feedbacks, on a copy, beside the same
on 10 thousand predictions with 1,000 feedbacks, with the ratio of the two. Each is repeated, turn
by turn, and its cheapest run counts. The history is spread over 30 days; 1,000 films stand for all.
One experiment takes all of it. `--keep` keeps the histories, so that a later call only measures the
increments; empty the folder when the format of a table has changed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from xray_assets.settings import PROJECT, Settings
from xray_assets_tests.logged_world import LoggedWorld

NEW, DAYS = 1000, 30


@dataclass(frozen=True)
class Size:
    """How much history."""

    predictions: int
    feedbacks: int

    @property
    def step_us(self) -> int:
        """Microseconds from one request to the next."""
        return int(DAYS * 86_400e6 / (self.predictions + NEW))

    def __str__(self) -> str:
        return f"{self.predictions:,} predictions, {self.feedbacks:,} feedbacks"


SMALL = Size(10_000, 1_000)


@dataclass(frozen=True)
class Cost:
    """What one run of the job cost: seconds and MiB, and wall seconds by step."""

    cpu: float
    wall: float
    peak: float
    steps: dict[str, float]

    def __str__(self) -> str:
        return f"{self.cpu:.2f} s CPU, {self.wall:.2f} s wall, peak {self.peak:.0f} MiB"


def evaluate(state: Path) -> Cost:
    """Run the job on a state folder, in a process of its own."""
    home = Settings(state=state).dagster_home
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.evaluate", "--job"],
        env=os.environ | {"XRAY_STATE": str(state), "DAGSTER_HOME": str(home)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def run_job() -> None:
    """The measured process: the job `evaluate`, without what importing costs."""
    import logging

    import dagster as dg

    from xray_assets.definitions import defs

    logging.disable()
    job = defs.resolve_job_def("evaluate")
    cpu, wall = time.process_time(), time.monotonic()
    with dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(instance=instance)
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steps = {
        event.step_key: event.event_specific_data.duration_ms / 1000
        for event in result.all_events
        if event.event_type_value == "STEP_SUCCESS"
    }
    print(json.dumps([cpu, wall, peak, steps]))


def history(size: Size, folder: Path) -> Path:
    """A state folder that holds this much, evaluated; built unless the folder has it."""
    room = folder / f"{size.predictions}-{size.feedbacks}"
    if not (room / "evaluated").exists():
        shutil.rmtree(room, ignore_errors=True)
        world = LoggedWorld(room / "state", logged=True)
        ids = world.predict(size.predictions, size.step_us)
        world.read(ids[:: max(1, size.predictions // size.feedbacks)][: size.feedbacks])
        world.close()
        cost = evaluate(room / "state")
        print(f"{size}, the whole history: {cost}", flush=True)
        (room / "evaluated").touch()
    return room / "state"


def grow(size: Size, kept: Path, state: Path) -> None:
    """A copy of a history with NEW predictions and reads of them that no run has seen yet."""
    shutil.copytree(kept, state)
    world = LoggedWorld.reopen(state)
    world.read(world.predict(NEW, size.step_us))
    world.close()


def run_again(kept: Path, state: Path) -> Cost:
    """Evaluate what is new in a grown copy, from where the history left off: everything but log and
    inbox is the history's.
    """
    grown = Settings(state=state)
    for room in kept.iterdir():
        target = state / room.name
        if room.is_dir() and target not in (grown.endpoint_folder, grown.feedback_inbox.parent):
            shutil.rmtree(target)
            shutil.copytree(room, target)
    return evaluate(state)


def increments(sizes: list[Size], folder: Path, scratch: Path, repeats: int) -> list[Cost]:
    """The cheapest of some runs on NEW feedbacks, for each size, turn by turn."""
    kept = [history(size, folder) for size in sizes]
    states = [scratch / str(size.predictions) for size in sizes]
    for size, source, state in zip(sizes, kept, states, strict=True):
        grow(size, source, state)
    rounds = [
        [run_again(source, state) for source, state in zip(kept, states, strict=True)]
        for _ in range(repeats)
    ]
    print(f"nothing new on {sizes[-1]}: {evaluate(states[-1])}")
    return [min(costs, key=lambda cost: cost.cpu) for costs in zip(*rounds, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--predictions", type=int, default=SMALL.predictions)
    parser.add_argument("--feedbacks", type=int, default=SMALL.feedbacks)
    parser.add_argument("--keep", type=Path, help="keep the histories in this folder, or reuse")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--job", action="store_true")
    chosen = parser.parse_args()
    if chosen.job:
        run_job()
        return
    sizes = list(dict.fromkeys([SMALL, Size(chosen.predictions, chosen.feedbacks)]))
    with tempfile.TemporaryDirectory(dir=chosen.keep) as scratch:
        folder = (chosen.keep or Path(scratch) / "kept").resolve()
        costs = increments(sizes, folder, Path(scratch).resolve() / "grown", chosen.repeats)
    for size, cost in zip(sizes, costs, strict=True):
        print(f"{NEW:,} new predictions and feedbacks on {size}: {cost}")
    print(f"ratio of CPU: {costs[-1].cpu / costs[0].cpu:.2f}")
    for step in costs[0].steps:
        print(f"    {step:<60}" + "".join(f"{cost.steps[step]:7.2f} s" for cost in costs))


if __name__ == "__main__":
    main()
