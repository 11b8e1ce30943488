"""How long one decision takes: python -m benchmarks.promotion.speed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np
import polars as pl

from benchmarks.promotion.queue.drawing import draw
from benchmarks.promotion.queue.figures import LITTLE_BETTER
from benchmarks.promotion.queue.readings import DELAYED
from xray_assets.promotion import PairedCounts, decide, decide_cases, report
from xray_assets.promotion.rules import VERSION_2


def counts_of(strata: int, batches: int) -> PairedCounts:
    rng = np.random.default_rng(1)
    parts = rng.multinomial(100, np.full(strata * 8, 1 / (strata * 8)), size=batches)
    by_batch = parts.reshape(batches, strata, 2, 2, 2)
    reviewed = by_batch.sum(axis=0)
    scored = reviewed.sum(axis=3) + rng.integers(0, 500, (strata, 2, 2))
    served = np.array([[5000, 5000], [3000, 7000]])
    return PairedCounts(reviewed, scored, served, np.array([0.5, 0.7]), by_batch)


def main() -> None:
    for strata, batches in ((1, 1), (4, 5), (10, 50)):
        counts = counts_of(strata, batches)
        for function, times in ((decide, 300), (report, 20)):
            each = milliseconds(lambda: function(counts, VERSION_2), times)  # noqa: B023
            print(f"{function.__name__}: {each:.3f} ms CPU, {strata} strata, {batches} batches")
    for n_cases in (200, 2000, 10_000):
        (run,) = draw(LITTLE_BETTER, DELAYED, n_runs=1, n_cases=n_cases, seed=1)
        frame = pl.DataFrame(run.at(n_cases))
        for kind, cases in (("a frame", frame), ("a list of rows", frame.to_dicts())):
            each = milliseconds(lambda: decide_cases(cases), 100)  # noqa: B023
            print(f"decide_cases: {each:.3f} ms CPU, {n_cases} cases in {kind}")


def milliseconds(function: Callable[[], object], times: int) -> float:
    """CPU time of one call, the mean of many."""
    function()
    started = time.process_time()
    for _ in range(times):
        function()
    return (time.process_time() - started) / times * 1000


if __name__ == "__main__":
    main()
