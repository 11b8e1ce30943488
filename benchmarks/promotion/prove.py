"""The promises of the promotion rule on few runs: python -m benchmarks.promotion.prove.

Exit code 1 when one is broken. The table with its precision is `simulate`'s.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.promotion.cases import draw
from benchmarks.promotion.runs import judge
from benchmarks.promotion.scenarios import EQUAL, by_label, pair
from benchmarks.promotion.turning import turn_worse

RUNS = 200


def main() -> None:
    def shares(scenario, cases: int) -> tuple[float, float]:
        looks = judge(draw(scenario, RUNS, cases, np.random.default_rng(7)))
        return float((looks.verdict == 1).mean()), float((looks.verdict == -1).mean())

    equal = shares(EQUAL, 5000)
    biased = shares(pair("review by label", 0.8, 0.8, "", review=by_label), 2000)
    better = shares(pair("better", 0.8, 0.9, "", common=0.4), 2000)
    turn = turn_worse(600, 0.75, 0.0, n_runs=40, limit=1500, seed=7)
    promises = (
        ("an equal model is promoted", equal[0], "<=", 0.08),
        ("an equal model is rolled back", equal[1], "<=", 0.15),
        ("an equal model is promoted under review by label", biased[0], "<=", 0.08),
        ("a better model is promoted", better[0], ">=", 0.95),
        (
            "mean reads until a PROMOTE that is no longer true is withdrawn",
            turn.withdrawn_mean,
            "<=",
            200,
        ),
    )
    broken = 0
    for what, value, sign, bound in promises:
        kept = value <= bound if sign == "<=" else value >= bound
        broken += not kept
        print(f"{'ok    ' if kept else 'BROKEN'} {what}: {value:.3f} {sign} {bound:g}")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
