"""The four e-processes of the promotion rule: mixtures of betting martingales on counts.

Source: Waudby-Smith & Ramdas (2024), "Estimating means of bounded random variables by betting",
JRSS-B 86; the centring of unreviewed cases is that of augmented inverse-propensity weighting
(Robins, Rotnitzky & Zhao 1994, JASA 89). Payoffs and their sums belong here; thresholds and
verdicts do not.

The worst case. A drawn case that stays without a truth pays the least that its cell can pay,
whatever its truth is; cells are (champion label, challenger label):

- better: a disagreement pays -1, the champion was right; an agreement pays 0 either way.
- not_missing_more: the champion was right, so (1, 0) is positive and pays d - 1, and (0, 1) is
  negative and pays 0, not 1 + d; an agreement is negative and pays 0, not d.
- worse: a disagreement pays -1, the challenger was right; an agreement pays 0 either way.
- missing_more: the challenger was right, so (0, 1) is positive and pays -1, and (1, 0) is negative
  and pays 0, not 1; an agreement pays 0 either way.

Each is the minimum over both truths. So the process lies, case for case, at or below the one that
knows them all, whose mean is at most 1 under the null: who stays unread, and why, cannot matter. A
truth that comes after all takes the place of the worst case, and the process still lies below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from xray_assets.promotion.propensity import Floats

LARGEST_LOG_E = 690.0  # exp(690) is about 1e299: the sum of a few still fits a float


@dataclass(frozen=True, eq=False)
class Payoff:
    """What one case pays to a bet: z by [champion label, challenger label, truth], |z| <= 1 + d.

    z is 0 wherever the case says nothing about the claim.
    """

    z: Floats

    @cached_property
    def guess(self) -> Floats:
        """(2, 2) the payoff to expect of a case before its review, fixed beforehand.

        Where both models agree they are taken to be right; where not, to be right equally often.
        A wrong guess costs reads, never validity.
        """
        positive = np.array([[0.0, 0.5], [0.5, 1.0]])
        guess: Floats = positive * self.z[..., 1] + (1 - positive) * self.z[..., 0]
        return guess

    @cached_property
    def paying(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Indices (champion label, challenger label) of the cells that pay anything."""
        champion, challenger = np.nonzero(self.z.any(axis=2))
        return champion, challenger


@cache
def accuracy_payoff(sign: int) -> Payoff:
    """+sign where only the challenger is right, -sign where only the champion is, else 0."""
    z = np.zeros((2, 2, 2))
    z[0, 1, 1] = z[1, 0, 0] = sign
    z[1, 0, 1] = z[0, 1, 0] = -sign
    return Payoff(z=z)


@cache
def not_missing_more_payoff(margin: float) -> Payoff:
    """Positives only: does the challenger miss fewer than `margin` more of them?"""
    z = np.zeros((2, 2, 2))
    z[:, :, 1] = margin
    z[0, 1, 1] = 1.0 + margin
    z[1, 0, 1] = margin - 1.0
    return Payoff(z=z)


@cache
def missing_more_payoff() -> Payoff:
    """Positives only: +1 where only the challenger misses, -1 where only the champion does."""
    z = np.zeros((2, 2, 2))
    z[1, 0, 1] = 1.0
    z[0, 1, 1] = -1.0
    return Payoff(z=z)


def log_bet_totals(
    outcomes: NDArray[np.int64],
    propensities: Floats,
    payoff: Payoff,
    bets: Floats,
    *,
    unreviewed: NDArray[np.int64] | None = None,
) -> Floats:
    """Log wealth of each bet l: the sum over cases of log(1 + l c x).

    outcomes: (..., G, 2, 2, 2) counts by truth, or (..., G, 2, 2, 3) with the drawn cases that
    have none, which count as the worst case; propensities p and unreviewed counts: (..., G, 2, 2).
    A reviewed case has x = m + (z - m) / p and an unreviewed one x = m, m the payoff's guess;
    E[x] = E[z] whatever m is. Without `unreviewed`, m = 0. c = 1 / max(1, -min x) over all cells,
    so c x >= -1, and with l < 1 no factor can reach 0. With every case reviewed c x = z.
    Returns (..., n_bets).
    """
    a, b = payoff.paying
    z, p = payoff.z[a, b], propensities[..., a, b]
    m = np.zeros(len(a)) if unreviewed is None else payoff.guess[a, b]
    x = m[:, None] + (z - m[:, None]) / p[..., None]
    scale = 1.0 / np.maximum(1.0, -x.min(axis=(-3, -2, -1)))
    if outcomes.shape[-1] == 3:
        x = np.concatenate([x, x.min(axis=-1, keepdims=True)], axis=-1)
    totals = _weigh(outcomes[..., a, b, :], x * scale[..., None, None, None], bets)
    if unreviewed is not None:
        totals = totals + _weigh(
            unreviewed[..., a, b, None], (m * scale[..., None])[..., None, :, None], bets
        )
    return totals


def log_mixture(totals: Floats) -> Floats:
    """log mean over bets (the last axis) of exp(totals), without overflow."""
    highest = totals.max(axis=-1, keepdims=True)
    mean = np.exp(totals - highest).sum(axis=-1) / totals.shape[-1]
    mixture: Floats = highest[..., 0] + np.log(mean)
    return mixture


def e_value(log_e: float) -> float:
    """exp(log_e), capped at about 1e299."""
    return float(np.exp(min(log_e, LARGEST_LOG_E)))


def _weigh(counts: NDArray[np.int64], stakes: Floats, bets: Floats) -> Floats:
    """Sum over the last three axes (stratum, cell, truth) of counts x log(1 + bet x stake)."""
    if counts.shape[-3] != stakes.shape[-3]:
        stakes = np.repeat(stakes, counts.shape[-3], axis=-3)
    growth = np.log1p(stakes.reshape(*stakes.shape[:-3], -1, 1) * bets)
    flat = counts.reshape(*counts.shape[:-3], 1, -1).astype(np.float64)
    totals: Floats = np.matmul(flat, growth)[..., 0, :]
    return totals
