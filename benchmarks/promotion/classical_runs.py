"""The classical test looked at after every read of many runs, beside the rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.cases import Cases


def judge_classically(cases: Cases) -> NDArray[np.int64]:
    """First verdict of "p < 0.05, at least 30 a model", after every read: 1, -1 or 0 a run.

    Chi-square with Yates' correction, as `xray_assets.statistics.classical`.
    """
    reviewed = cases.reviewed
    total = np.stack([np.cumsum(reviewed & (cases.arm == m), axis=0) for m in (0, 1)])
    right = np.stack(
        [np.cumsum(reviewed & (cases.arm == m) & cases.served_correct, axis=0) for m in (0, 1)]
    )
    (a, b), (c, d) = right.astype(np.float64), (total - right).astype(np.float64)
    everyone = a + b + c + d
    gap = np.maximum(np.abs(a * d - b * c) - everyone / 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        chi_square = everyone * gap**2 / ((a + b) * (c + d) * (a + c) * (b + d))
        share = right / total
    significant = (chi_square > 3.841459) & (total.min(axis=0) >= 30)
    first = significant.argmax(axis=0)
    runs = np.arange(cases.cell.shape[1])
    sign = np.where(share[1][first, runs] > share[0][first, runs], 1, -1)
    return np.where(significant.any(axis=0), sign, 0)
