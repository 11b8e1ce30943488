"""What judging costs: CPU and memory of many films, of a sampled day, of a thousand days.

    python -m benchmarks.monitoring.cost [--films 1000000] [--days 1000] [--cache FOLDER]

Only the monitor is timed, on one thread; the world that feeds it is not. Memory is the peak of the
whole process, pool and world included.
"""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from benchmarks.monitoring.scenarios import ORDINARY, SMALL
from benchmarks.monitoring.simulated.plans import Plan
from benchmarks.monitoring.simulated.pool import CACHE, Pool, load_pool
from benchmarks.monitoring.simulated.world import World
from xray_assets.statistics.drift.monitor import Monitor

_A_DAY = 10_000
_SAMPLED = 2_000
_EARLY = 30


def judged(pool: Pool, plan: Plan) -> Iterator[tuple[int, float, int]]:
    """Day after day: (films, CPU seconds of the monitor, bytes of its state)."""
    world = World(pool, plan, 7)
    monitor, day = Monitor(*world.baseline()), 0
    while True:
        rows, reads = world.day(day)
        start = time.process_time()
        monitor.observe_day(day, rows, reads)
        yield rows.height, time.process_time() - start, len(monitor.state())
        day += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=1000)
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args()
    pool = load_pool(asked.cache)

    sampled = replace(ORDINARY, weekday_films=_SAMPLED, weekend_films=_SAMPLED)
    days = [cpu for _, (_, cpu, _) in zip(range(10), judged(pool, sampled), strict=False)]
    print(f"a day of {_SAMPLED} films: {statistics.median(days):.3f} s CPU")

    early, late, sizes = [], [], []
    for day, (_, cpu, size) in enumerate(judged(pool, SMALL)):
        sizes.append(size)
        if _EARLY - 15 <= day < _EARLY + 15:
            early.append(cpu)
        if day >= asked.days - 30:
            late.append(cpu)
        if day == asked.days:
            break
    ratio = statistics.median(late) / statistics.median(early)
    print(f"day {asked.days} against day {_EARLY}: {ratio:.2f} times the CPU")
    print(f"state: {sizes[_EARLY]:,} bytes on day {_EARLY}, {sizes[-1]:,} on day {asked.days}")

    large = replace(ORDINARY, weekday_films=_A_DAY, weekend_films=_A_DAY)
    films, seconds = 0, 0.0
    for count, cpu, _ in judged(pool, large):
        films, seconds = films + count, seconds + cpu
        if films >= asked.films:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{films:,} films, none left out: {seconds:.0f} s CPU; peak memory {peak:.0f} MB")


if __name__ == "__main__":
    main()
