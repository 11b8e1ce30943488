"""Sample-ratio evidence against scipy."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, betabinom, binom

from xray_assets.statistics.sample_ratio import log_sample_ratio_evidence


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=4),
    st.floats(0.05, 0.95),
)
def test_sample_ratio_evidence_agrees_with_scipys_beta_binomial(rows, share: float) -> None:
    by_scipy = sum(
        betabinom.logpmf(k, n + k, 100 * share, 100 * (1 - share)) - binom.logpmf(k, n + k, share)
        for n, k in rows
    )
    ours = log_sample_ratio_evidence(np.array(rows), np.full(len(rows), share), 100.0)
    assert ours == pytest.approx(by_scipy, rel=1e-7, abs=1e-7)


def test_sample_ratio_evidence_agrees_with_numerical_integration() -> None:
    n, k, share = 60, 85, 0.5

    def integrand(q: float) -> float:
        return float((q / share) ** k * ((1 - q) / (1 - share)) ** n * beta.pdf(q, 50, 50))

    by_quadrature, _ = quad(integrand, 0, 1, epsabs=0, epsrel=1e-10)
    ours = log_sample_ratio_evidence(np.array([[n, k]]), np.array([share]), 100.0)
    assert ours == pytest.approx(log(by_quadrature), rel=1e-8)


def test_versions_that_assign_nothing_at_random_say_nothing_about_the_split() -> None:
    served, split = np.array([[100, 0], [0, 70]]), np.array([0.0, 1.0])
    assert log_sample_ratio_evidence(served, split, 100.0) == 0.0
