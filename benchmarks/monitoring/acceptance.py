"""What must be found, how soon, and by whom: each change on fresh seeds.

    python -m benchmarks.monitoring.acceptance [--seeds 5] [--first-seed 100] [--rules]
        [--only TEXT] [--others] [--cache FOLDER]

A line is a change on day 30 of a world with a baseline of 28 days, judged day by day. Days run
from the change; "never" has no end. `--others` takes the changes that are in no plan. With
`--rules` the usual rules stand beside it: median days to their first alarm, and the share of later
days on which they alarm. Exit code 1 when a demanded line is missed.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.monitoring.measures import CHANGE_DAY, Run
from benchmarks.monitoring.running import grouped, run_groups
from benchmarks.monitoring.scenarios import ACCEPTANCE, OTHERS, Row
from benchmarks.monitoring.simulated.pool import CACHE, load_pool
from benchmarks.monitoring.usual_rules import RULES

NEVER = float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=100)
    parser.add_argument("--rules", action="store_true")
    parser.add_argument("--only", default="", help="lines whose name holds this text")
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args()
    print(f"pool: {load_pool(asked.cache).source}; {asked.seeds} seeds from {asked.first_seed}")
    print(heading(asked.rules))
    rows = [row for row in (OTHERS if asked.others else ACCEPTANCE) if asked.only in row.name]
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    start, found = time.perf_counter(), defaultdict(list)
    groups = grouped([(row.plan, row.days) for row in rows], seeds)
    for group, runs in run_groups(groups, cache=asked.cache, rules=asked.rules):
        for world, run in zip(group.runs, runs, strict=True):
            found[world].append(run)
    missed = 0
    for row in rows:
        runs = found[row.plan, row.days]
        missed += verdict(row, runs) == "FAIL"
        print(line(row, runs))
    print(f"{missed} missed; {time.perf_counter() - start:.0f} s by two processes")
    sys.exit(int(missed > 0))


def heading(rules: bool) -> str:
    """The table's first two lines."""
    titles = ["change", "must reach", "median", "worst", "", "levels; kinds", *RULES[: 5 * rules]]
    return f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"


def line(row: Row, found: Sequence[Run]) -> str:
    """A line of the table."""
    days = _days(row, found)
    cells = [
        row.name, row.demanded, _said(statistics.median(days)), _said(max(days)),
        verdict(row, found), _seen(found), *(_of_rule(found, rule) for rule in found[0].rules),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def verdict(row: Row, found: Sequence[Run]) -> str:
    """pass (every seed), median (not the worst), FAIL, or nothing where nothing is demanded."""
    if row.limit is None:
        return ""
    days = _days(row, found)
    if max(days) <= row.limit:
        return "pass"
    return "median" if statistics.median(days) <= row.limit else "FAIL"


def _days(row: Row, found: Sequence[Run]) -> list[float]:
    measured = [row.measure(run) for run in found]
    return [NEVER if days is None else days for days in measured]


def _seen(found: Sequence[Run]) -> str:
    """The levels and kinds of the days from the change on, the most frequent first."""
    said = []
    for name in ("levels", "kinds"):
        after = [one for run in found for one in getattr(run, name)[CHANGE_DAY:] if one]
        ranked = sorted(set(after), key=after.count, reverse=True)
        said.append(" ".join(f"{one} {after.count(one) / len(after):.0%}" for one in ranked[:3]))
    return "; ".join(filter(None, said))


def _of_rule(found: Sequence[Run], rule: str) -> str:
    """Median days to a rule's first alarm, and its share of alarm days."""
    after = [run.rules[rule][CHANGE_DAY:] for run in found]
    days = [float(alarms.index(True)) if any(alarms) else NEVER for alarms in after]
    share = statistics.mean(sum(alarms) / len(alarms) for alarms in after)
    return f"{_said(statistics.median(days))}, {share:.0%}"


def _said(days: float) -> str:
    return "never" if days == NEVER else f"{days:g}"


if __name__ == "__main__":
    main()
