"""How long one decision takes: python -m benchmarks.promotion.speed."""

from __future__ import annotations

import os
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from xray_assets.promotion import PairedCounts, decide, report


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
            function(counts)
            started = time.process_time()
            for _ in range(times):
                function(counts)
            each = (time.process_time() - started) / times * 1000
            print(f"{function.__name__}: {each:.3f} ms CPU, {strata} strata, {batches} batches")


if __name__ == "__main__":
    main()
