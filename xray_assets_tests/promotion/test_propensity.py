"""Propensities of review against a second computation."""

from __future__ import annotations

from math import lgamma, log

import numpy as np
import pytest
from hypothesis import given

from xray_assets.promotion.propensity import review_propensities
from xray_assets_tests.promotion.made_counts import strata


def propensities_by_loops(n: np.ndarray, s: np.ndarray) -> np.ndarray:
    """review_propensities written from its words, for two arms."""

    def log_likelihood(pools: list[tuple[int, int]]) -> float:
        return sum(lgamma(k + 1) + lgamma(t - k + 1) - lgamma(t + 2) for k, t in pools)

    def averaged(n2: np.ndarray, s2: np.ndarray) -> tuple[np.ndarray, float]:
        cells = [(0, 0), (0, 1), (1, 0), (1, 1)]
        groupings = [lambda c: c, lambda c: c[0], lambda c: c[1], lambda c: 0]
        estimates, evidence = [], []
        for group in groupings:
            pools = {group(c): [0, 0] for c in cells}
            for c in cells:
                pools[group(c)][0] += int(n2[c])
                pools[group(c)][1] += int(s2[c])
            evidence.append(log_likelihood([(k, t) for k, t in pools.values()]))
            estimate = np.zeros((2, 2))
            for c in cells:
                k, t = pools[group(c)]
                estimate[c] = (k + 1) / (t + 1)
            estimates.append(estimate)
        weights = np.exp(np.array(evidence) - max(evidence))
        average = sum(w * e for w, e in zip(weights, estimates, strict=True)) / weights.sum()
        return average, max(evidence) + log(weights.mean())

    bands = len(n) // 2
    result = np.ones(n.shape)
    for arm in (0, 1):
        own = range(arm * bands, (arm + 1) * bands)
        single = {g: averaged(n[g], s[g]) for g in own}
        pooled, log_pooled = averaged(sum(n[g] for g in own), sum(s[g] for g in own))
        log_single = sum(evidence for _, evidence in single.values())
        weight = 1 / (1 + np.exp(np.clip(log_single - log_pooled, -700, 700)))
        for g in own:
            result[g] = weight * pooled + (1 - weight) * single[g][0]
    return np.where(s > 0, result, 1.0)


@given(strata(6))
def test_propensities_agree_with_loops(counts) -> None:
    reviewed, unreviewed = counts
    n = reviewed.sum(axis=3)
    s = n + unreviewed
    ours = review_propensities(n, s)
    np.testing.assert_allclose(ours, propensities_by_loops(n, s), rtol=1e-9)
    assert ((ours > 0) & (ours <= 1)).all()
    np.testing.assert_allclose(review_propensities(n, n), np.ones(n.shape), rtol=1e-14)


def test_propensities_follow_what_the_counts_show_review_to_depend_on() -> None:
    s = np.full((4, 2, 2), 4000)
    s[:, 1, 0] = 12
    by_label = np.array([[0.2, 0.2], [0.9, 0.9]])  # the champion's answer decides
    n = np.round(s * by_label).astype(int)
    n[:, 1, 0] = 10  # 0.83, by chance
    assert review_propensities(n, s)[:, 1, 0] == pytest.approx(0.9, abs=0.01)
    s[:, 1, 0] = 4000
    n[:, 1, 0] = 2667  # the same share, no longer by chance
    assert review_propensities(n, s)[:, 1, 0] == pytest.approx(0.667, abs=0.01)
