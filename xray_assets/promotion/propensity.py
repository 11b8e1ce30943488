"""Who got reviewed: the propensity of each cell.

Corrects review that depends on (stratum, champion label, challenger label). Review that depends on
anything else cannot be corrected from counts and is not attempted here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.log_beta import log_beta

Floats = NDArray[np.float64]

# Axes [champion label, challenger label] over which a model pools: review may follow both answers,
# the champion's, the challenger's or neither.
_POOLINGS: tuple[tuple[int, ...], ...] = ((), (-1,), (-2,), (-2, -1))


def review_propensities(reviewed: NDArray[Any], scored: NDArray[Any]) -> Floats:
    """Chance of review of each cell, (..., G, 2, 2) in (0, 1], from counts of that shape.

    Bayesian average of what review may depend on within a served arm: on both answers, the
    champion's, the challenger's or neither, and for each of these on the uncertainty band or not,
    all equally likely beforehand. A pool of n reviewed of s scored cases has (n + 1) / (s + 1);
    the weight of a model is its beta-binomial likelihood under uniform priors, so pooling that the
    counts contradict soon loses its weight. With every case reviewed all are 1.
    Strata are ordered as `uncertainty_bands.stratum` does: an even G is two arms of G / 2 bands.
    """
    n, s = reviewed.astype(np.float64), scored.astype(np.float64)
    arms = 2 if n.shape[-3] % 2 == 0 else 1
    by_arm = (*n.shape[:-3], arms, n.shape[-3] // arms, 2, 2)
    n, s = n.reshape(by_arm), s.reshape(by_arm)
    banded, log_banded = _averaged_over_poolings(n, s)
    pooled, log_pooled = _averaged_over_poolings(
        n.sum(axis=-3, keepdims=True), s.sum(axis=-3, keepdims=True)
    )
    advantage = log_pooled - log_banded.sum(axis=-1, keepdims=True)
    weight = (1 + np.tanh(advantage / 2)) / 2  # the logistic function, without overflow
    averaged = weight[..., None, None] * pooled + (1 - weight[..., None, None]) * banded
    propensities: Floats = np.where(s > 0, averaged, 1.0).reshape(reviewed.shape)
    return np.minimum(propensities, 1.0)  # rounding can end a hair above


def _averaged_over_poolings(n: Floats, s: Floats) -> tuple[Floats, Floats]:
    """Averaged propensities (..., 2, 2) of each stratum, and its log likelihood (...)."""
    estimates: list[Floats] = []
    likelihoods: list[Floats] = []
    for axes in _POOLINGS:
        pool_n, pool_s = n.sum(axis=axes, keepdims=True), s.sum(axis=axes, keepdims=True)
        estimates.append(np.broadcast_to((pool_n + 1) / (pool_s + 1), n.shape))
        log_likelihood: Floats = log_beta(pool_n + 1, pool_s - pool_n + 1)
        likelihoods.append(log_likelihood.sum(axis=(-2, -1)))
    log_each = np.stack(likelihoods)
    highest = log_each.max(axis=0)
    relative = np.exp(log_each - highest)
    total = relative.sum(axis=0)
    weights = (relative / total)[..., None, None]
    averaged: Floats = (weights * np.stack(estimates)).sum(axis=0)
    evidence: Floats = highest + np.log(total / len(_POOLINGS))
    return averaged, evidence
