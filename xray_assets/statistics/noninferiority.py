"""Is one model no worse than another on the same films? Bounds of paired differences, and how often
an equal model would pass. One look, one set of films; bounds for every look are `promotion`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_MARGIN, LARGEST_MARGIN, STEP = 0.02, 0.10, 0.005
"""Margins that are tried; none below, none above: a set that needs more is too small to judge."""


@dataclass(frozen=True)
class Paired:
    """Two models on the same n independent films: films that the second alone got right, and that
    it alone got wrong.
    """

    n: int
    gained: int
    lost: int

    @classmethod
    def of(cls, before: NDArray[np.bool_], after: NDArray[np.bool_]) -> Paired:
        """From (N,) whether each model was right."""
        return cls(len(before), int((after & ~before).sum()), int((before & ~after).sum()))

    @property
    def difference(self) -> float:
        """Share right of the second less that of the first; 0 without a film."""
        return (self.gained - self.lost) / self.n if self.n else 0.0

    def low(self, alpha: float) -> float:
        """One-sided lower 1 - alpha bound of the difference."""
        return float(lower_bound(np.array(self.gained), np.array(self.lost), self.n, alpha))

    def high(self, alpha: float) -> float:
        """One-sided upper 1 - alpha bound."""
        return -float(lower_bound(np.array(self.lost), np.array(self.gained), self.n, alpha))


def lower_bound(gained: NDArray[np.int64], lost: NDArray[np.int64], n: int, alpha: float) -> Floats:
    """Lower 1 - alpha bound of (gained - lost) / n: the adjusted Wald interval of paired data, one
    film added to each kind of disagreement (Bonett & Price 2012, J Educ Behav Stat 37:479).

    -1 without a film. Raises ValueError where alpha is not in (0, 1).
    """
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie in (0, 1), got {alpha}")
    one, other = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = np.sqrt((one + other - (one - other) ** 2) / (n + 2))
    bound: Floats = one - other - NormalDist().inv_cdf(1 - alpha) * spread
    return np.maximum(bound, -1.0) if n else np.full_like(bound, -1.0)


def chance_of_equal(n: int, margin: float, alpha: float, discordance: float) -> float:
    """How often a model of equal merit passes `low >= -margin` on n films; exact.

    discordance: the share of films that exactly one of the two gets right. Equal: either as often.
    """
    stats: Any = import_module("scipy.stats")  # loaded only here, and untyped
    binom = stats.binom
    most = int(binom.ppf(1 - 1e-9, n, discordance)) + 1
    differ = np.arange(most + 1)
    weight: Floats = binom.pmf(differ, n, discordance)
    gained = np.arange(most + 1)[:, None]
    lost = differ[None, :] - gained
    possible = lost >= 0
    passes = lower_bound(gained, np.maximum(lost, 0), n, alpha) >= -margin
    shares: Floats = binom.pmf(gained, differ[None, :], 0.5)
    return float((np.where(possible & passes, shares, 0.0).sum(axis=0) * weight).sum())


def margin_of_equal(
    n: int, alpha: float, *, discordance: float, chance: float, least: float = LEAST_MARGIN
) -> float:
    """The smallest margin from `least` at which a model of equal merit passes at that chance; the
    largest there is where none is enough.
    """
    steps = round((LARGEST_MARGIN - least) / STEP)
    for margin in (least + STEP * step for step in range(steps + 1)):
        if chance_of_equal(n, margin, alpha, discordance) >= chance:
            return round(margin, 4)
    return LARGEST_MARGIN
