"""Strata of the promotion rule: the served arm and how uncertain the served score was."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

DEFAULT_CUTS = (
    0.1,
    0.2,
    0.3,
    0.4,
)  # fixed before any experiment: moving it invalidates running ones

Indices = NDArray[np.int64]


def band_of(
    score: ArrayLike, threshold: ArrayLike, cuts: tuple[float, ...] = DEFAULT_CUTS
) -> Indices:
    """Uncertainty band of |score - threshold|: 0 the most uncertain, len(cuts) the surest.

    score, threshold: served probabilities and thresholds of any common shape; cuts: increasing
    distances in (0, 1), a distance equal to a cut is in the surer band. Raises ValueError.
    """
    edges = np.asarray(cuts, dtype=np.float64)
    if edges.ndim != 1 or edges.size == 0:
        raise ValueError(
            "at least one cut is needed: strata without uncertainty bands let an "
            "equal model be promoted where readers pick uncertain cases"
        )
    if np.any(edges <= 0) or np.any(edges >= 1) or np.any(np.diff(edges) <= 0):
        raise ValueError(f"cuts must increase within (0, 1), got {cuts}")
    distance = np.abs(np.asarray(score, dtype=np.float64) - np.asarray(threshold, dtype=np.float64))
    if np.any(np.isnan(distance)):
        raise ValueError("scores and thresholds must not be NaN: a failed score is missing data")
    return np.asarray(np.digitize(distance, edges), dtype=np.int64)


def stratum(
    served_arm: ArrayLike, band: ArrayLike, cuts: tuple[float, ...] = DEFAULT_CUTS
) -> Indices:
    """Stratum index served_arm x bands + band; served_arm 0 champion, 1 challenger.

    Raises ValueError on another arm or a band that `cuts` does not have.
    """
    arm, uncertainty = np.asarray(served_arm), np.asarray(band)
    if not np.all((arm == 0) | (arm == 1)):
        raise ValueError("served_arm must be 0 (champion) or 1 (challenger)")
    bands = len(cuts) + 1
    if np.any(uncertainty < 0) or np.any(uncertainty >= bands):
        raise ValueError(f"band must lie in 0..{bands - 1}")
    return (arm * bands + uncertainty).astype(np.int64)


def n_strata(cuts: tuple[float, ...] = DEFAULT_CUTS) -> int:
    """Number of strata G that `stratum` uses: two arms times the bands."""
    return 2 * (len(cuts) + 1)
