"""Runs that judge days are killed at random writes, repeated, late and out of order: is the record
the same as that of a run a day?

    python -m benchmarks.monitoring.crash_points [--seeds 200] [--first 0] [--delta]

A seed draws a scenario (nothing changes; films change; a challenger is promoted, with or without
such a change), when runs come, and before or after which of its writes each of them dies. The
monitor is one whose state is a hash of everything that it was shown, in order: a day that was
shown twice, left out or shown with other films or reads changes every later row. Tables are in
memory; with --delta they are real.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any

import polars as pl

from xray_assets.catalog import MONITORING_BASELINES, Key
from xray_assets.lake.tables import Tables
from xray_assets.resources.local.tables import LocalDelta
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.monitoring.days.made_days import CHALLENGER, FIRST, World, serve

DAYS = 16
SHADOW, PROMOTION = 8, 12
"""Days on which a challenger begins to be scored, and on which it is promoted."""
SCENARIOS = ("ordinary", "films change", "promoted", "promoted after films changed")
MOST_WRITES = 16
_OF_ITS_TIME = ("judged_at", "log_position", "state")

NewTables = Callable[[], Tables] | None
"""How tables are made; None: in memory."""


class Dying(CrashingTables):
    """Dies before or after a write."""

    def __init__(self, tables: Tables, writes: int, *, after: bool) -> None:
        super().__init__(tables, writes)
        self._after = after

    def _write(self, name: str, key: Key, rows: pl.DataFrame, more: dict[str, Any]) -> Any:
        if not self._after:
            self.fuse.burn()
        done = getattr(self._tables, name)(key, rows, **more)
        if self._after:
            self.fuse.burn()
        return done

    def append(self, key: Key, rows: pl.DataFrame, **more: Any) -> int | None:
        return self._write("append", key, rows, more)

    def merge(self, key: Key, rows: pl.DataFrame, **more: Any) -> int | None:
        return self._write("merge", key, rows, more)


@dataclass
class Outcome:
    """What became of one seed."""

    seed: int
    scenario: str
    kills: int = 0
    problems: list[str] = field(default_factory=list)


@cache
def filled_in_memory(scenario: str) -> World:
    """The days of a scenario, none of them judged; to be copied."""
    return filled(scenario, MemoryTables())


def filled(scenario: str, tables: Tables) -> World:
    """The same in these tables."""
    world, changes, promoted = World(tables), "change" in scenario, "promoted" in scenario
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        if promoted and number in (SHADOW, PROMOTION):
            champion = {"challenger": CHALLENGER} if number == SHADOW else {"champion": CHALLENGER}
            serve(tables, day, **champion)
        how: dict[str, Any] = {"gain": 0.5 if changes and number >= SHADOW else 0.0}
        how["pairs"] = promoted and SHADOW <= number < PROMOTION
        if promoted and number >= PROMOTION:
            how["champion"] = CHALLENGER
        world.traffic.days(day, 1, **how)
    return world


def record(world: World) -> list[pl.DataFrame]:
    """What must not depend on when and how often runs came."""
    made = world.tables.read(MONITORING_BASELINES).select("baseline_id", "effective_from")
    return [world.days().drop(_OF_ITS_TIME), world.evidence(), made.sort("baseline_id").collect()]


def disturbed(world: World, chance: random.Random) -> int:
    """Judge all days in runs that die, come late, twice and out of order; returns the kills."""
    kills, end = 0, FIRST + timedelta(days=DAYS)
    today = FIRST
    while world.days().height < DAYS or not world.quiet(end):
        today = min(end, today + timedelta(days=chance.choice((0, 1, 1, 2, 5))))
        now = chance.choice((today, today, FIRST + timedelta(days=chance.randrange(DAYS))))
        kills += run(world, now, chance)
    return kills


def run(world: World, now: date, chance: random.Random) -> int:
    """One run; 1 where it was killed."""
    writes = chance.randrange(MOST_WRITES) if chance.random() < 0.7 else 10**6
    dying = Dying(world.tables, writes, after=chance.random() < 0.5)
    try:
        world.judge(now, tables=dying)
    except Crash:
        return 1
    return 0


def judged_through(
    seed: int, expected: dict[str, list[pl.DataFrame]], new_tables: NewTables
) -> Outcome:
    """One seed. expected: by scenario, the record of a run a day; filled as it is needed."""
    chance = random.Random(seed)
    outcome = Outcome(seed, chance.choice(SCENARIOS))
    if outcome.scenario not in expected:
        plain = filled_in_memory(outcome.scenario).twin()
        for number in range(DAYS):
            plain.judge(FIRST + timedelta(days=number + 1))
        expected[outcome.scenario] = record(plain)
    world = (
        filled(outcome.scenario, new_tables())
        if new_tables
        else filled_in_memory(outcome.scenario).twin()
    )
    outcome.kills = disturbed(world, chance)
    names = ("days", "evidence", "baselines")
    for name, was, now in zip(names, expected[outcome.scenario], record(world), strict=True):
        if not was.equals(now):
            outcome.problems.append(f"{name} differ: {was.height} rows, {now.height} now")
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--delta", action="store_true")
    chosen = parser.parse_args()
    started, cpu = time.perf_counter(), time.process_time()
    expected: dict[str, list[pl.DataFrame]] = {}
    with tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(10**6))
        new: NewTables = None
        if chosen.delta:
            new = lambda: LocalDelta(root=f"{folder}/{next(numbers)}")  # noqa: E731
        seeds = range(chosen.first, chosen.first + chosen.seeds)
        outcomes = [judged_through(seed, expected, new) for seed in seeds]
    for name, count in sorted(Counter(one.scenario for one in outcomes).items()):
        print(f"{count:4d} records: {name}")
    wrong = [one for one in outcomes if one.problems]
    for one in wrong:
        print(f"seed {one.seed}, {one.scenario}, {one.kills} kills: {'; '.join(one.problems)}")
    kills = sum(one.kills for one in outcomes)
    print(f"{len(outcomes) - len(wrong)} of {len(outcomes)} records are the same; {kills} kills")
    seconds = time.perf_counter() - started
    print(f"{seconds:.0f} s, CPU {time.process_time() - cpu:.0f} s")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
