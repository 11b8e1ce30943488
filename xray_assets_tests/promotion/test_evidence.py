"""The e-processes: against a second computation, and exactly fair under their nulls."""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import factorial, log, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xray_assets.promotion import PromotionRule, decide
from xray_assets.promotion.evidence import (
    LARGEST_LOG_E,
    Payoff,
    accuracy_payoff,
    log_bet_totals,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.propensity import review_propensities
from xray_assets.promotion.rules import VERSION_2
from xray_assets_tests.promotion.made_counts import (
    CELLS,
    MARGIN,
    log_e_by_loops,
    paired,
    payoff,
    strata,
)

BETS = PromotionRule().bets
CLAIMS: dict[str, Payoff] = {
    "better": accuracy_payoff(+1),
    "worse": accuracy_payoff(-1),
    "not_missing_more": not_missing_more_payoff(MARGIN),
    "missing_more": missing_more_payoff(),
}
shares = hnp.arrays(np.float64, (2, 2, 2), elements=st.floats(0.01, 1.0))


@settings(max_examples=40)
@given(strata(4))
def test_e_values_of_fully_reviewed_counts_agree_with_loops(counts) -> None:
    reviewed, _ = counts
    decision = decide(paired(reviewed))
    for claim in CLAIMS:
        by_loops = log_e_by_loops(claim, reviewed, np.zeros((4, 2, 2)), np.ones((4, 2, 2)))
        e = getattr(decision, f"e_{claim}")
        assert log(e) == pytest.approx(min(by_loops, LARGEST_LOG_E), rel=1e-9, abs=1e-9)


@settings(max_examples=40)
@given(strata(2, largest=15), shares)
def test_e_values_with_logged_propensities_agree_with_loops(counts, propensities) -> None:
    reviewed, unreviewed = counts
    counts = paired(reviewed, unreviewed=unreviewed, propensities=propensities)
    decision = decide(counts, VERSION_2)
    for claim in CLAIMS:
        by_loops = log_e_by_loops(claim, reviewed, unreviewed, propensities)
        assert log(getattr(decision, f"e_{claim}")) == pytest.approx(by_loops, rel=1e-9, abs=1e-9)


def test_payoffs_are_those_of_the_decision_document() -> None:
    for claim, compiled in CLAIMS.items():
        for cell in CELLS:
            assert compiled.z[cell] == pytest.approx(payoff(claim, *cell))


def outcomes_of(n_cases: int, n_kinds: int) -> tuple[np.ndarray, np.ndarray]:
    """Every way n cases fall into kinds: counts (M, kinds) and multinomial coefficients (M,)."""
    counts = np.array(
        [
            np.bincount(kinds, minlength=n_kinds)
            for kinds in combinations_with_replacement(range(n_kinds), n_cases)
        ]
    )
    ways = [factorial(n_cases) / prod(factorial(k) for k in row) for row in counts.tolist()]
    return counts, np.array(ways)


def expected_e(claim: str, truth: np.ndarray, propensities: np.ndarray, n_cases: int) -> float:
    """E[e] after n cases, exactly: over every outcome, each case reviewed with its propensity.

    truth: (2, 2, 2) chance of [champion label, challenger label, truth]; propensities: (2, 2).
    """
    kinds = np.concatenate(
        [(truth * propensities[..., None]).ravel(), (truth.sum(2) * (1 - propensities)).ravel()]
    )
    counts, ways = outcomes_of(n_cases, 12)
    chance = ways * np.prod(kinds**counts, axis=1)
    assert chance.sum() == pytest.approx(1.0)
    totals = log_bet_totals(
        counts[:, :8].reshape(-1, 1, 2, 2, 2),
        np.broadcast_to(propensities, (len(counts), 1, 2, 2)),
        CLAIMS[claim],
        BETS,
        unreviewed=counts[:, 8:].reshape(-1, 1, 2, 2),
    )
    return float(chance @ np.exp(log_mixture(totals)))


def on_the_edge(claim: str) -> np.ndarray:
    """(2, 2, 2) chances under which the claim's payoff has mean exactly 0."""
    truth = np.random.default_rng(17).uniform(0.3, 1.0, (2, 2, 2))
    z = CLAIMS[claim].z
    gain, loss = (truth * z).clip(min=0).sum(), -(truth * z).clip(max=0).sum()
    truth[z > 0] *= loss / gain
    return truth / truth.sum()


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("reviewed_share", ["all", "by cell"])
def test_the_expected_e_value_is_exactly_one_on_the_edge_of_the_null(
    claim: str, reviewed_share: str
) -> None:
    propensities = np.ones((2, 2))
    if reviewed_share == "by cell":
        propensities = np.array([[0.9, 0.15], [0.4, 0.6]])
    truth = on_the_edge(claim)
    for n_cases in (1, 4):
        assert expected_e(claim, truth, propensities, n_cases) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("claim", CLAIMS)
def test_inside_the_null_the_expected_e_value_is_below_one_and_outside_above(claim: str) -> None:
    z, propensities = CLAIMS[claim].z, np.array([[0.9, 0.15], [0.4, 0.6]])
    for tilt, low, high in ((0.7, 0.0, 1.0), (1.4, 1.0, np.inf)):
        truth = on_the_edge(claim)
        truth[z > 0] *= tilt
        assert low < expected_e(claim, truth / truth.sum(), propensities, 4) < high


@given(
    strata(4, largest=10**6),
    hnp.arrays(np.float64, (4, 2, 2), elements=st.floats(1e-9, 1.0)),
)
def test_no_counts_or_propensities_can_break_a_bet(counts, propensities) -> None:
    reviewed, unreviewed = counts
    for compiled in CLAIMS.values():
        for waiting in (None, unreviewed):
            totals = log_bet_totals(reviewed, propensities, compiled, BETS, unreviewed=waiting)
            assert np.isfinite(totals).all()
            assert (
                totals
                >= reviewed.sum() * log(0.1) * 1.001
                + (0 if waiting is None else waiting.sum() * log(0.1) * 1.001)
            ).all()


@given(strata(4), strata(4))
def test_many_counts_at_once_give_what_each_gives_alone(first, second) -> None:
    reviewed = np.stack([first[0], second[0]])
    unreviewed = np.stack([first[1], second[1]])
    n = reviewed.sum(axis=-1)
    propensities = review_propensities(n, n + unreviewed)
    for compiled in CLAIMS.values():
        together = log_bet_totals(reviewed, propensities, compiled, BETS, unreviewed=unreviewed)
        for i in (0, 1):
            alone = log_bet_totals(
                reviewed[i], propensities[i], compiled, BETS, unreviewed=unreviewed[i]
            )
            np.testing.assert_allclose(together[i], alone, rtol=1e-10, atol=1e-10)
