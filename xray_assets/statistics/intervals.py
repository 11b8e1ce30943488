"""Intervals for proportions. Sequential (anytime) bounds belong to `promotion_report`."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """A figure with its interval and denominator, all of one shape; NaN where undefined."""

    value: Floats
    low: Floats
    high: Floats
    n: Floats

    def flat(self, name: str) -> dict[str, Floats]:
        """{name, name_low, name_high}, ready for columns."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def normal_quantile(level: float) -> float:
    """z with P(|Z| <= z) = level. Raises ValueError outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie in (0, 1), got {level}")
    return NormalDist().inv_cdf(0.5 + level / 2)


def wilson(successes: ArrayLike, trials: ArrayLike, *, level: float = 0.95) -> Estimate:
    """Proportion with Wilson's score interval (Wilson 1927), for arrays of any common shape.

    NaN in value and bounds where trials = 0. Raises ValueError where successes are negative or
    above trials.
    """
    k, n = np.broadcast_arrays(
        np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    )
    if np.any(k < 0) or np.any(k > n):
        raise ValueError("successes must lie between 0 and trials")
    z = normal_quantile(level)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = k / n
        middle = (k + z * z / 2) / (n + z * z)
        half = z / (n + z * z) * np.sqrt(k * (n - k) / n + z * z / 4)
    low = np.where(k == 0, 0.0, np.clip(middle - half, 0.0, 1.0))
    high = np.where(k == n, 1.0, np.clip(middle + half, 0.0, 1.0))
    unknown = n == 0
    return Estimate(
        value=np.where(unknown, np.nan, share),
        low=np.where(unknown, np.nan, low),
        high=np.where(unknown, np.nan, high),
        n=n.astype(np.float64),
    )
