"""Histograms that can be added up, and quantiles of what they counted.

Buckets are geometric: bucket i holds values from LOWEST x 2^(i / PER_OCTAVE) to the next bucket's
lower end. The first also holds everything below it, the last everything above.
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.statistics.resolution import BUCKETS, LOWEST, PER_OCTAVE


def bucket_of(values: ArrayLike) -> NDArray[np.int64]:
    """(N,) bucket of each of (N,) values. Raises ValueError for negative values and NaN."""
    given = np.asarray(values, dtype=np.float64)
    if not np.all(given >= 0):
        raise ValueError("a histogram counts values from 0; some are negative or NaN")
    steps = np.floor(PER_OCTAVE * np.log2(np.maximum(given, LOWEST) / LOWEST))
    return np.minimum(steps, BUCKETS - 1).astype(np.int64)


def quantile(counts: ArrayLike, share: float) -> float:
    """The value below which `share` (0 to 1) of the counted values lie; NaN where none is counted.

    counts: (BUCKETS,). Spread evenly, on the logarithmic scale, within the bucket.
    """
    counted = np.asarray(counts, dtype=np.int64)
    total = int(counted.sum())
    if not total:
        return nan
    rank = share * total
    cumulated = np.cumsum(counted)
    bucket = min(int(np.searchsorted(cumulated, rank)), int(np.flatnonzero(counted)[-1]))
    inside = counted[bucket]
    within = (rank - (cumulated[bucket] - inside)) / inside if inside else 0.0
    return float(LOWEST * 2 ** ((bucket + within) / PER_OCTAVE))
