"""Run monitors on worlds: one run is one world, two processes share out the runs."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.monitoring.measures import Run
from benchmarks.monitoring.simulated.plans import Plan
from benchmarks.monitoring.simulated.pool import Pool, load_pool
from benchmarks.monitoring.simulated.world import World
from benchmarks.monitoring.usual_rules import UsualRules
from xray_assets.statistics.drift.monitor import Monitor

_kept: list[Pool] = []


def run_world(pool: Pool, plan: Plan, *, days: int, seed: int, rules: bool = False) -> Run:
    """Judge `days` days of a world, day by day; with `rules`, by the usual rules too."""
    world = World(pool, plan, seed)
    rows, reads = world.baseline()
    monitor = Monitor(rows, reads)
    usual = UsualRules(rows) if rules else None
    run, fractions = Run(), {}
    for day in range(days):
        rows, reads = world.day(day, fractions)
        judged = monitor.observe_day(day, rows, reads)
        fractions = dict(judged.review_fractions)
        run.levels.append(str(judged.level))
        run.kinds.append(judged.kind)
        run.harm.append(tuple(judged.harm))
        run.reads.append(reads.height)
        run.fractions.append(fractions)
        if usual:
            for rule, alarm in usual.alarms(rows).items():
                run.rules.setdefault(rule, []).append(alarm)
    return run


def run_worlds(
    tasks: Sequence[tuple[Plan, int, int]], *, cache: Path, rules: bool
) -> Iterator[Run]:
    """The runs of (plan, days, seed), in order, by two processes."""
    with ProcessPoolExecutor(2, initializer=_keep, initargs=(cache,)) as workers:
        yield from workers.map(_one, [(*task, rules) for task in tasks])


def _keep(cache: Path) -> None:
    _kept.append(load_pool(cache))


def _one(task: tuple[Plan, int, int, bool]) -> Run:
    plan, days, seed, rules = task
    return run_world(_kept[0], plan, days=days, seed=seed, rules=rules)
