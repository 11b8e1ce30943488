"""How often nothing is called something: alarm episodes a year on each null.

    python -m benchmarks.monitoring.false_alarms [--years 10] [--first-seed 500] [--no-rules]
        [--only TEXT] [--cache FOLDER]

Each year is a world of its own: a baseline of 28 days, then 365 days judged daily. An episode is a
stretch of days in a row above NONE. The usual rules stand beside the monitor: episodes (alarm days)
a year. Exit code 1 where the monitor has more than one episode a year.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.monitoring.measures import Run, episodes
from benchmarks.monitoring.running import grouped, run_groups
from benchmarks.monitoring.scenarios import NULLS
from benchmarks.monitoring.simulated.pool import CACHE, load_pool
from benchmarks.monitoring.usual_rules import RULES

DAYS = 365


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=500)
    parser.add_argument("--no-rules", action="store_true")
    parser.add_argument("--only", default="", help="nulls whose name holds this text")
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args()
    print(f"pool: {load_pool(asked.cache).source}; {asked.years} years a null")
    titles = ["nothing wrong", "episodes a year (days)", "harm days", "what", *RULES]
    titles = titles[: 4 if asked.no_rules else None]
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    nulls = {name: plan for name, plan in NULLS.items() if asked.only in name}
    seeds = range(asked.first_seed, asked.first_seed + asked.years)
    start, failed = time.perf_counter(), 0
    groups = grouped([(plan, DAYS) for plan in nulls.values()], seeds)
    judged = run_groups(groups, cache=asked.cache, rules=not asked.no_rules)
    for name in nulls:
        found = [next(judged)[1][0] for _ in seeds]
        failed += sum(episodes(run.alarms) for run in found) > asked.years
        print(line(name, found), flush=True)
    print(f"{failed} missed; {time.perf_counter() - start:.0f} s by two processes")
    sys.exit(int(failed > 0))


def line(name: str, found: Sequence[Run]) -> str:
    """A null's line: of the monitor, and of each rule."""
    harm = sum(bool(proven) for run in found for proven in run.harm) / len(found)
    first = Counter(_first_of_episodes(found))
    cells = [name, _a_year([run.alarms for run in found]), f"{harm:g}",
             ", ".join(f"{what} x{times}" for what, times in first.items()) or "-",
             *(_a_year([run.rules[rule] for run in found]) for rule in found[0].rules)]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _a_year(alarms: list[list[bool]]) -> str:
    years = len(alarms)
    return f"{sum(map(episodes, alarms)) / years:.1f} ({sum(map(sum, alarms)) / years:.0f})"


def _first_of_episodes(found: Sequence[Run]) -> list[str]:
    """Level and kind of the first day of each episode; the days that were UNKNOWN."""
    said = []
    for run in found:
        before = [False, *run.alarms]
        for day, level in enumerate(run.levels):
            if run.alarms[day] and not before[day]:
                said.append(f"{level} {run.kinds[day]}")
            elif level == "UNKNOWN":
                said.append(level)
    return said


if __name__ == "__main__":
    main()
