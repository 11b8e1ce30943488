"""Intervals for proportions and for sums of them. Sequential (anytime) bounds belong to
`promotion`.
"""

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


def weighted_share(
    hits: ArrayLike, total: ArrayLike, squares: ArrayLike, *, level: float = 0.95
) -> Estimate:
    """The share of weighted cases that hit, with Wilson's interval on Kish's effective number of
    cases (sum w)^2 / sum w^2 (Kish 1965), an approximation; that number is `n`.

    hits, total, squares: sums of w over the hits, of w and of w^2 over all cases, of any common
    shape. NaN where there are no cases.
    """
    hit, weight, square = np.broadcast_arrays(
        *(np.asarray(one, dtype=np.float64) for one in (hits, total, squares))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        n = np.where(square > 0, weight * weight / square, 0.0)
        share = np.where(weight > 0, np.clip(hit / weight, 0.0, 1.0), 0.0)
    return wilson(share * n, n, level=level)


def linear_combination(constant: ArrayLike, *terms: tuple[ArrayLike, Estimate]) -> Estimate:
    """constant + sum of coefficient x figure, for figures of independent cases.

    Bounds by the method of variance estimates recovery (Zou & Donner 2008, Statistics in Medicine
    27:1693): each figure's distances to its own bounds, added in squares; of a difference of two
    proportions with Wilson's bounds it is Newcombe's interval (1998). n is the smallest one.
    """
    value = np.asarray(constant, dtype=np.float64)
    below, above, n = np.zeros(()), np.zeros(()), np.asarray(np.inf)
    for coefficient, figure in terms:
        factor = np.asarray(coefficient, dtype=np.float64)
        at, one, other = factor * figure.value, factor * figure.low, factor * figure.high
        value = value + at
        below = below + (at - np.minimum(one, other)) ** 2
        above = above + (np.maximum(one, other) - at) ** 2
        n = np.minimum(n, figure.n)
    return Estimate(value, value - np.sqrt(below), value + np.sqrt(above), n)
