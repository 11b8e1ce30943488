"""Simulate review by a logged policy and write the tables into docs/decision.md.

    python -m benchmarks.promotion.queue.simulate                  all rows, then the tables
    python -m benchmarks.promotion.queue.simulate --only "equal"   those whose name holds "equal"
    python -m benchmarks.promotion.queue.simulate --resume         those that are missing
    python -m benchmarks.promotion.queue.simulate --table-only     the tables from the kept results

One core, about ten minutes. Results are kept in results.json beside this file, a row at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np

from benchmarks.promotion.queue.absolute import absolute_figures
from benchmarks.promotion.queue.drawing import RULE, draw
from benchmarks.promotion.queue.figures import PROMOTE, ROLLBACK, ROWS, TROUBLES, Row, Trouble
from benchmarks.promotion.queue.judging import Judged, judge
from benchmarks.promotion.queue.table import write_tables

RESULTS = Path(__file__).with_name("results.json")
DOUBLE_READS = 0.15
"""Share of the drawn cases that a second reader reads too."""


def simulate(row: Row, *, n_runs: int, n_cases: int, seed: int) -> dict[str, Any]:
    """Shares of verdicts and mean reads of a row's runs."""
    started = time.process_time()
    drawn = draw(row.scenario, row.reading, n_runs=n_runs, n_cases=n_cases, seed=seed)
    found = summary(map(judge, drawn), np.random.default_rng([seed, 1]))
    return {
        "name": row.name,
        "common": row.scenario.common,
        "floor": row.reading.floor,
        "runs": n_runs,
        "cases": n_cases,
        "seed": seed,
        **found,
        "wanted": {"promote": row.promote, "rollback": row.rollback, "reads": row.reads},
        "rule_sha256": RULE.sha256,
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def try_without(trouble: Trouble, *, n_runs: int, n_cases: int, seed: int) -> dict[str, Any]:
    """A wrong verdict's share with a rule and without it, on the same runs."""
    random = np.random.default_rng([seed, 2])
    size = {"n_runs": n_runs, "n_cases": n_cases, "seed": seed}
    judged = [
        (judge(run), trouble.judge_without(trouble.take_away(run, random)))
        for run in draw(trouble.scenario, trouble.reading, **size)
    ]
    shares = [
        sum(one.verdict is trouble.wrong for one in side) for side in zip(*judged, strict=True)
    ]
    return {
        "rule": trouble.rule,
        "without_it": trouble.without_it,
        "name": trouble.scenario.name,
        "common": trouble.scenario.common,
        "wrong": str(trouble.wrong),
        "runs": n_runs,
        "cases": n_cases,
        "with": shares[0],
        "without": shares[1],
        "rule_sha256": RULE.sha256,
    }


def summary(judged: Iterable[Judged], random: np.random.Generator) -> dict[str, Any]:
    """all_reads: with second reads, drawn at random. Means at PROMOTE are None without one."""
    every = list(judged)
    promoted = [one for one in every if one.verdict is PROMOTE]
    doubles = random.binomial([one.reads for one in promoted], DOUBLE_READS)
    return {
        "promoted": len(promoted),
        "rolled_back": sum(one.verdict is ROLLBACK for one in every),
        "reads": _mean([one.reads for one in promoted]),
        "all_reads": _mean(doubles + [one.reads for one in promoted]),
        "cases_scored": _mean([one.cases for one in promoted]),
        "reads_of_all_runs": _mean([one.reads for one in every]),
    }


def _mean(values: Any) -> float | None:
    return float(np.mean(values)) if len(values) else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--only", default="", help="part of a row's name or of a rule")
    parser.add_argument("--resume", action="store_true", help="keep rows of the same rule")
    parser.add_argument("--table-only", action="store_true")
    options = parser.parse_args()
    size = {"n_runs": options.runs, "n_cases": options.cases}
    kept: dict[str, Any] = {"rows": {}, "troubles": {}, "absolute": {}}
    if RESULTS.exists():
        kept |= json.loads(RESULTS.read_text())
    work = _work()
    for seed, (table, key, carry_out, what) in enumerate(work):
        row = kept[table].get(key, {})
        done = (row.get("rule_sha256"), row.get("runs")) == (RULE.sha256, options.runs)
        if options.table_only or options.only not in key or (options.resume and done):
            continue
        kept[table][key] = carry_out(what, **size, seed=seed)
        RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
        print(json.dumps(kept[table][key]), flush=True)
    write_tables(
        {
            table: [rows[key] for of, key, *_ in work if of == table and key in rows]
            for table, rows in kept.items()
        }
    )


def _work() -> list[tuple[str, str, Callable[..., dict[str, Any]], Any]]:
    """(table, key, what carries it out, on what) of every row, in the order of the tables."""
    return [
        *(
            ("rows", f"{row.name} | {row.scenario.common:g} | {row.reading.floor:g}", simulate, row)
            for row in ROWS
        ),
        *(("troubles", f"{one.rule} | {one.without_it}", try_without, one) for one in TROUBLES),
        *(
            ("absolute", f"absolute figures | {floor:g}", absolute_figures, floor)
            for floor in (0.05, 0.1)
        ),
    ]


if __name__ == "__main__":
    main()
