"""The promises of the promotion rule on few runs: python -m benchmarks.promotion.prove.

Exit code 1 when one is broken. The table with its precision is `simulate`'s.
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.promotion.cases import draw
from benchmarks.promotion.queue.drawing import draw as draw_for_review
from benchmarks.promotion.queue.figures import BETTER, KEENER, TROUBLES, UNSAFE
from benchmarks.promotion.queue.judging import judge as judge_reviewed
from benchmarks.promotion.queue.readings import (
    AT_ONCE,
    FOLLOWS_THE_EVIDENCE,
    POSITIVES_FIRST,
    SKIPS_FOR_THE_CHALLENGER,
    SKIPS_FOR_THE_CHAMPION,
)
from benchmarks.promotion.queue.simulate import summary, try_without
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

    def reviewed(scenario, reading) -> dict[str, float]:
        runs = draw_for_review(scenario, reading, n_runs=RUNS, n_cases=5000, seed=7)
        return summary(map(judge_reviewed, runs), np.random.default_rng(8))

    readings = {
        "positives first": POSITIVES_FIRST,
        "skipped for the challenger": SKIPS_FOR_THE_CHALLENGER,
        "skipped for the champion": SKIPS_FOR_THE_CHAMPION,
        "chances that follow the evidence": FOLLOWS_THE_EVIDENCE,
    }
    of_equal = {name: reviewed(KEENER, reading) for name, reading in readings.items()}
    troubles = [try_without(one, n_runs=RUNS, n_cases=3000, seed=7) for one in TROUBLES[1:]]
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
        (
            "mean reads to PROMOTE where they tell most",
            reviewed(BETTER, AT_ONCE)["reads"],
            "<=",
            60,
        ),
        ("an unsafe model is promoted", reviewed(UNSAFE, AT_ONCE)["promoted"] / RUNS, "<=", 0.03),
        *(
            (f"an equal model is {what}, {name}", found[key] / RUNS, "<=", bound)
            for name, found in of_equal.items()
            for what, key, bound in (
                ("promoted", "promoted", 0.08),
                ("rolled back", "rolled_back", 0.15),
            )
        ),
        *(
            (f"{one['wrong']} is wrong less often: {one['rule']}", less_often, ">=", 0.03)
            for one in troubles
            for less_often in [(one["without"] - one["with"]) / RUNS]
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
