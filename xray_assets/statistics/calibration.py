"""How far probabilities can be taken at their word: reliability bins, ECE, Brier score; and in the
large, from counts by truth and bin that can be added up over days.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.statistics.intervals import Estimate, Floats, wilson
from xray_assets.statistics.resolution import BINS
from xray_assets.statistics.scored_films import labels_and_scores


@dataclass(frozen=True, eq=False)
class Calibration:
    """Calibration of (N,) probabilities in B equal-width bins; NaN where a bin or N is empty.

    edges: (B + 1,). mean_probability: (B,). observed: share of positives, (B,) with Wilson's
    interval; observed.n is the number of cases.
    expected_calibration_error: mean over cases of |mean probability - observed| of their bin.
    """

    edges: Floats
    mean_probability: Floats
    observed: Estimate
    expected_calibration_error: float
    brier_score: float


@dataclass(frozen=True)
class CalibrationInTheLarge:
    """Share of positives minus mean probability over `n` cases, with Wilson's interval of the
    share; NaN without a case. Above 0: the model says too little.
    """

    value: float
    low: float
    high: float
    n: int


def calibration(
    labels: ArrayLike, scores: ArrayLike, *, n_bins: int = 10, level: float = 0.95
) -> Calibration:
    """Reliability bins with ECE (Guo 2017) and Brier score. Raises ValueError on bad input."""
    if n_bins < 1:
        raise ValueError(f"n_bins must be at least 1, got {n_bins}")
    positive, score = labels_and_scores(labels, scores)
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    bins = np.minimum((score * n_bins).astype(np.int64), n_bins - 1)
    n = np.bincount(bins, minlength=n_bins)
    hits = np.bincount(bins, weights=positive, minlength=n_bins)
    total = np.bincount(bins, weights=score, minlength=n_bins)
    filled = n > 0
    mean = np.full(n_bins, nan)
    mean[filled] = total[filled] / n[filled]
    return Calibration(
        edges=edges,
        mean_probability=mean,
        observed=wilson(hits, n, level=level),
        expected_calibration_error=float(np.abs(total - hits).sum() / len(score))
        if len(score)
        else nan,
        brier_score=float(np.mean((score - positive) ** 2)) if len(score) else nan,
    )


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


def bin_of(scores: ArrayLike) -> NDArray[np.int64]:
    """(N,) bin of each of (N,) probabilities. Raises ValueError outside [0, 1]."""
    given = np.asarray(scores, dtype=np.float64)
    if not np.all((given >= 0) & (given <= 1)):
        raise ValueError("scores must be probabilities in [0, 1]; some are outside or NaN")
    return np.minimum((given * BINS).astype(np.int64), BINS - 1)
