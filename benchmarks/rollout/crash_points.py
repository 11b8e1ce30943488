"""Random crash points in the ramp: is the end state right in each?

    python -m benchmarks.rollout.crash_points [--seeds 200] [--first 0]

A seed draws a scenario, a starting share, one to three crashes (before, after or inside a write or
a call of any step, also of the sensor's own tick), doubled runs and stale runs. Ticks then go on to
the end, and everything that was ever written is checked (`history.problems`).
"""

import argparse
import logging
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from benchmarks.rollout.crashes import PLAN, counted_calls
from benchmarks.rollout.history import problems
from benchmarks.rollout.ramp_world import World, register_two_models
from xray_assets.assets.endpoint import EndpointChange
from xray_assets.resources.ramp import Ramp
from xray_assets.rollout.acts import approve, roll_back
from xray_assets.rollout.experiment import PROMOTED, ROLLED_BACK, ExperimentError
from xray_assets.rollout.state import last_experiment
from xray_assets.settings import Settings

ENDS = {
    "promoted": PROMOTED,
    "promoted after a lapse": PROMOTED,
    "approved by two": PROMOTED,
    "ROLLBACK": ROLLED_BACK,
    "red guard": ROLLED_BACK,
    "rolled back by a person": ROLLED_BACK,
    "rolled back after the promotion": ROLLED_BACK,
}
MOST_TICKS = 80
CALLS, WRITES = 200, 24
"""About as many as the longest ramp makes; where a crash was planned beyond a ramp's end, the ramp
is done again with half.
"""


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    scenario: str
    crashed: list[str]
    problems: list[str]


class CrashedRamp:
    """One seed's ramp: opened, ticked, disturbed, and ticked to its end."""

    def __init__(self, seed: int, folder: Path, settings: Settings, *, within: float) -> None:
        self.random = random.Random(seed)
        self.scenario = self.random.choice(sorted(ENDS))
        self.start = self.random.choice((0, 50))
        two = {"promotion": "recommend", "approvers": 2} if "two" in self.scenario else {}
        self.world = World(folder, settings, starting_share=self.start, **two)
        shares = [share for share in (0, 50, 70, 90) if share >= self.start]
        # A red guard in shadow holds: there is no traffic to take back.
        self.event_at = self.random.choice(shares[1:] if "guard" in self.scenario else shares)
        if "after" in self.scenario and "lapse" not in self.scenario:
            self.event_at = 100
        self.lapse, self.done = 0, False
        self.crashes_left = self.random.randint(1, 3)
        self._arm(within)

    def go(self, instance: dg.DagsterInstance) -> None:
        """Ticks until nothing is left to do. Raises AssertionError when that never comes."""
        while last_experiment(self.world.tables) is None:
            self.run(EndpointChange())
        self.world.decide("PROMOTE")
        quiet = 0
        for _ in range(MOST_TICKS):
            quiet = 0 if self.disturb() else quiet
            change = self.world.tick(instance)
            if change:
                for _ in range(self.random.choice((1, 1, 2))):
                    self.run(change)
            quiet = 0 if change else quiet + 1
            # A tick that crashed asks for nothing: three quiet ones are an end.
            if quiet >= 3 and self.world.experiment.is_settled:
                return
        raise AssertionError(f"no end after {MOST_TICKS} ticks: {self.world.experiment}")

    def disturb(self) -> bool:
        """What the scenario and chance bring between two ticks; True where something changed."""
        if self.world.asked and self.random.random() < 0.2:
            self.run(self.random.choice(self.world.asked))
        if "two" in self.scenario:
            return self.approve()
        if self.lapse:
            self.lapse -= 1
            if not self.lapse:
                self.world.decide("PROMOTE")
            return True
        if self.done or self.scenario == "promoted" or self.world.experiment.stage < self.event_at:
            return False
        self.done = self.bring()
        return True

    def bring(self) -> bool:
        """The scenario's event, once; False where it must be brought again."""
        if "lapse" in self.scenario:
            self.world.decide("KEEP_TESTING", "not_proven_better")
            self.lapse = self.random.randint(1, 4)
        elif self.scenario == "ROLLBACK":
            self.world.decide("ROLLBACK", "worse")
        elif "guard" in self.scenario:
            self.world.decide("PROMOTE", "sample_ratio")
        else:
            return self.say(lambda ramp: roll_back(ramp, by="Ada", reason="complaints"))
        return True

    def approve(self) -> bool:
        experiment = self.world.experiment
        if not experiment.is_running or self.random.random() < 0.3:
            return False
        person = self.random.choice(("Ada", "Grace"))
        seen = {"experiment_id": experiment.experiment_id, "stage": experiment.stage}
        try:
            self.say(lambda ramp: approve(ramp, by=person, reason="agreed", named=True, **seen))
        except ExperimentError:  # the same person again, or the endpoint is not put right yet
            return False
        return True

    def run(self, change: EndpointChange) -> bool:
        """False when it crashed; the next crash comes within a quarter of a ramp."""
        done = self.world.run(change)
        if not done and self.crashes_left:
            self._arm(0.25)
        return done

    def say(self, said: Callable[[Ramp], object]) -> bool:
        """A person's act; False when it crashed before it was saved, so that it is said again."""
        before, crashes = self.world.experiment, len(PLAN.crashed)
        self.world.act(said)
        if len(PLAN.crashed) > crashes and self.crashes_left:
            self._arm(0.25)
        return self.world.experiment != before or len(PLAN.crashed) == crashes

    def _arm(self, within: float) -> None:
        PLAN.writes_only = self.random.random() < 0.6
        points = WRITES if PLAN.writes_only else CALLS
        PLAN.left = self.random.randint(1, max(1, round(points * within)))
        PLAN.mode = self.random.choice(("before", "after", "late"))
        self.crashes_left -= 1


def ramp_with_crashes(
    seed: int, folder: Path, settings: Settings, instance: dg.DagsterInstance
) -> Outcome:
    """One seed: the ramp to its end, and what is wrong with it."""
    for halved in range(6):
        PLAN.crashed, PLAN.left = [], None
        ramp = CrashedRamp(seed, folder / str(halved), settings, within=0.5**halved)
        try:
            ramp.go(instance)
            found = problems(ramp.world, ENDS[ramp.scenario], ramp.start)
        except Exception as error:
            found = [f"{type(error).__name__}: {error}"]
        if PLAN.crashed or found:
            break
    return Outcome(seed, f"{ramp.scenario} from {ramp.start} %", PLAN.crashed, found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    logging.disable(logging.INFO)  # Dagster tells of every run
    started, cpu = time.perf_counter(), time.process_time()
    with (
        tempfile.TemporaryDirectory() as folder,
        dg.DagsterInstance.ephemeral() as instance,
        counted_calls(),
    ):
        settings = Settings(state=Path(folder))
        register_two_models(settings)
        outcomes = [
            ramp_with_crashes(seed, Path(folder) / f"ramp-{seed}", settings, instance)
            for seed in range(chosen.first, chosen.first + chosen.seeds)
        ]
    wrong = [outcome for outcome in outcomes if outcome.problems]
    crashes = Counter(crash for outcome in outcomes for crash in outcome.crashed)
    for name, count in sorted(Counter(one.scenario for one in outcomes).items()):
        print(f"{count:4d} ramps: {name}")
    for name, count in sorted(crashes.items()):
        print(f"{count:4d} crashes {name}")
    print(f"{sum(not one.crashed for one in outcomes)} ramps without a crash")
    for outcome in wrong:
        print(f"seed {outcome.seed}, {outcome.scenario}, crashed {outcome.crashed}:")
        print(*(f"  {problem}" for problem in outcome.problems), sep="\n")
    print(f"{len(outcomes) - len(wrong)} of {len(outcomes)} end right", end="")
    print(f"; wrong seeds: {[one.seed for one in wrong]}" if wrong else "")
    seconds = time.perf_counter() - started
    print(
        f"{sum(crashes.values())} crashes; {seconds:.0f} s, CPU {time.process_time() - cpu:.0f} s"
    )
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
