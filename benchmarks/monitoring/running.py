"""Run monitors on worlds: two processes share out the runs.

Worlds that differ from some day on alone share the days before it: world, monitor and rules are
copied there, which takes a hundredth of judging those days again.
"""

import copy
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.monitoring.measures import CHANGE_DAY, Run
from benchmarks.monitoring.simulated.plans import Plan
from benchmarks.monitoring.simulated.pool import Pool, load_pool
from benchmarks.monitoring.simulated.world import World
from benchmarks.monitoring.usual_rules import UsualRules
from xray_assets.statistics.drift.monitor import Monitor

_kept: list[Pool] = []


class Judging:
    """A world and what judges it, day by day; `run` is what happened."""

    def __init__(self, pool: Pool, plan: Plan, *, seed: int, rules: bool = False) -> None:
        self._pool = pool
        self._world = World(pool, plan, seed)
        rows, reads = self._world.baseline()
        self._monitor = Monitor(rows, reads)
        self._rules = UsualRules(rows) if rules else None
        self._fractions: dict[str, float] = {}
        self.run = Run()

    def until(self, days: int) -> Run:
        """Judge the next days, up to and without day number `days`."""
        for day in range(len(self.run.levels), days):
            rows, reads = self._world.day(day, self._fractions)
            judged = self._monitor.observe_day(day, rows, reads)
            self._fractions = dict(judged.review_fractions)
            self.run.levels.append(str(judged.level))
            self.run.kinds.append(judged.kind)
            self.run.harm.append(tuple(judged.harm))
            if self._rules:
                for rule, alarm in self._rules.alarms(rows).items():
                    self.run.rules.setdefault(rule, []).append(alarm)
        return self.run

    def turned(self, plan: Plan) -> "Judging":
        """A copy that goes on by another plan."""
        other = copy.deepcopy(self, {id(self._pool): self._pool})
        other._world.plan = plan
        return other


@dataclass(frozen=True)
class Group:
    """Runs of one seed that are alike before CHANGE_DAY: (plan, days) each."""

    seed: int
    base: Plan
    runs: tuple[tuple[Plan, int], ...]


def grouped(runs: Sequence[tuple[Plan, int]], seeds: Sequence[int]) -> list[Group]:
    """(plan, days) on every seed, by what they share."""
    bases: dict[Plan, list[tuple[Plan, int]]] = {}
    for plan, days in dict.fromkeys(runs):
        early = tuple(change for change in plan.changes if change.start < CHANGE_DAY)
        bases.setdefault(replace(plan, changes=early), []).append((plan, days))
    return [Group(seed, base, tuple(of)) for base, of in bases.items() for seed in seeds]


def run_groups(
    groups: Sequence[Group], *, cache: Path, rules: bool
) -> Iterator[tuple[Group, list[Run]]]:
    """The runs of each group, by two processes."""
    with ProcessPoolExecutor(2, initializer=_keep, initargs=(cache,)) as workers:
        yield from zip(groups, workers.map(_judged, groups, [rules] * len(groups)), strict=True)


def _keep(cache: Path) -> None:
    _kept.append(load_pool(cache))


def _judged(group: Group, rules: bool) -> list[Run]:
    before = Judging(_kept[0], group.base, seed=group.seed, rules=rules)
    before.until(min(CHANGE_DAY, *(days for _, days in group.runs)))
    return [before.turned(plan).until(days) for plan, days in group.runs]
