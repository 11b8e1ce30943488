"""Probabilities counted by truth and bin, so that days can be added up: AUC and calibration from
the counts. Exact up to the width of a bin.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.statistics.intervals import wilson
from xray_assets.statistics.resolution import BINS


@dataclass(frozen=True)
class CalibrationInTheLarge:
    """Share of positives minus mean probability over `n` cases, with Wilson's interval of the
    share; NaN without a case. Above 0: the model says too little.
    """

    value: float
    low: float
    high: float
    n: int


def bin_of(scores: ArrayLike) -> NDArray[np.int64]:
    """(N,) bin of each of (N,) probabilities. Raises ValueError outside [0, 1]."""
    given = np.asarray(scores, dtype=np.float64)
    if not np.all((given >= 0) & (given <= 1)):
        raise ValueError("scores must be probabilities in [0, 1]; some are outside or NaN")
    return np.minimum((given * BINS).astype(np.int64), BINS - 1)


def calibration_in_the_large(counts: ArrayLike, *, level: float = 0.95) -> CalibrationInTheLarge:
    """From (2, BINS) counts [truth, bin]; every probability is taken for the middle of its bin."""
    counted = np.asarray(counts, dtype=np.int64)
    n, positive = int(counted.sum()), int(counted[1].sum())
    if not n:
        return CalibrationInTheLarge(nan, nan, nan, 0)
    said = float(counted.sum(axis=0) @ (np.arange(BINS) + 0.5)) / BINS / n
    share = wilson(positive, n, level=level)
    return CalibrationInTheLarge(
        float(share.value) - said, float(share.low) - said, float(share.high) - said, n
    )
