"""Simulate the promotion rule and write the table into docs/decision.md.

    python -m benchmarks.promotion.simulate                 all scenarios, then the table
    python -m benchmarks.promotion.simulate --only "label"  those whose name holds "label"
    python -m benchmarks.promotion.simulate --resume        those that are missing
    python -m benchmarks.promotion.simulate --table-only    the table from the kept results

One core, about half an hour. Results are kept in results.json beside this file, a scenario at a
time.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.promotion.cases import draw
from benchmarks.promotion.classical_runs import judge_classically
from benchmarks.promotion.runs import RULE, judge
from benchmarks.promotion.scenarios import SCENARIOS, Scenario
from benchmarks.promotion.table import write_table
from benchmarks.promotion.turning import stay, turn_worse

RESULTS = Path(__file__).with_name("results.json")
TURNS = (
    *((before, 0.75, common) for before in (600, 1200) for common in (0.0, 0.5, 0.8)),
    (600, 0.7, 0.5),
    (600, 0.6, 0.5),
)
STEADY = ((0.8, 0.0, 5000), (0.8, 0.8, 5000), (0.9, 0.0, 2000), (0.9, 0.8, 2000), (0.85, 0.5, 2000))


def simulate(scenario: Scenario, *, n_runs: int, n_cases: int, seed: int) -> dict[str, object]:
    started = time.process_time()
    cases = draw(scenario, n_runs, n_cases, np.random.default_rng(seed))
    looks = judge(cases)
    classical = judge_classically(cases)
    promoted = looks.verdict == 1
    return {
        "name": scenario.name,
        "common": scenario.common,
        "expects": scenario.expects,
        "runs": n_runs,
        "cases": n_cases,
        "seed": seed,
        "promoted": int(promoted.sum()),
        "rolled_back": int((looks.verdict == -1).sum()),
        "mean_reads_at_promote": float(looks.reads[promoted].mean()) if promoted.any() else None,
        "mean_reads": float(looks.reads.mean()),
        "classical_promoted": int((classical == 1).sum()),
        "classical_rolled_back": int((classical == -1).sum()),
        "rule_sha256": RULE.sha256,
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--turns", type=int, default=100, help="runs of those that turn or stay")
    parser.add_argument("--only", default="", help="part of a scenario's name")
    parser.add_argument("--resume", action="store_true", help="keep rows of the same rule")
    parser.add_argument("--table-only", action="store_true")
    options = parser.parse_args()
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else {"scenarios": {}, "turns": []}
    if not options.table_only:
        for seed, scenario in enumerate(SCENARIOS):
            if options.only not in scenario.name:
                continue
            key = f"{scenario.name} | {scenario.common:g}"
            if options.resume and kept["scenarios"].get(key, {}).get("rule_sha256") == RULE.sha256:
                continue
            row = simulate(scenario, n_runs=options.runs, n_cases=options.cases, seed=seed)
            kept["scenarios"][key] = row
            RESULTS.write_text(json.dumps(kept, indent=1))
            print(json.dumps(row), flush=True)
        if options.only in "turns worse":
            kept["turns"] = [
                asdict(turn_worse(*turn, n_runs=options.turns, limit=3000, seed=k))
                for k, turn in enumerate(TURNS)
            ]
            kept["steady"] = [
                asdict(stay(accuracy, common, n_runs=options.turns, reads=reads, seed=k))
                for k, (accuracy, common, reads) in enumerate(STEADY)
            ]
            RESULTS.write_text(json.dumps(kept, indent=1))
    write_table(kept)


if __name__ == "__main__":
    main()
