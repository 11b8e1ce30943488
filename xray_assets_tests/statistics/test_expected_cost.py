"""Expected cost, net benefit, bands of scores and tiers of risk: their laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from xray_assets.statistics.decision_curve import net_benefit, treat_all
from xray_assets.statistics.expected_cost import (
    Assumptions,
    Policy,
    cost_difference,
    costs_with_model,
    costs_without_model,
)
from xray_assets.statistics.intervals import Estimate, linear_combination, weighted_share, wilson
from xray_assets.statistics.score_bands import EDGES, operating_points, risk_tiers, score_bands

counts = st.tuples(st.integers(0, 400), st.integers(1, 400)).map(lambda p: (min(p), max(p)))
shares = st.floats(0.01, 0.99)
costs = st.floats(0.0, 1e4)
a_share = st.builds(lambda c: wilson(*c), counts)
assumed = st.builds(Assumptions, prevalence=shares, missed=costs, false_alarm=costs, read=costs)


def exactly(value: float) -> Estimate:
    return wilson(value, 1.0)


@given(one=counts, other=counts)
def test_a_difference_of_two_shares_has_newcombes_interval(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    found = linear_combination(0.0, (1.0, wilson(*one)), (-1.0, wilson(*other)))
    low, high = confint_proportions_2indep(*one, *other, method="newcomb", compare="diff")
    assert found.low == pytest.approx(low, abs=1e-9)
    assert found.high == pytest.approx(high, abs=1e-9)


@given(counted=counts)
def test_equal_weights_are_no_weights(counted: tuple[int, int]) -> None:
    hits, n = counted
    for weight in (1.0, 7.5):
        weighted = weighted_share(hits * weight, n * weight, n * weight**2)
        for end in ("value", "low", "high", "n"):
            assert getattr(weighted, end) == pytest.approx(getattr(wilson(hits, n), end))


@given(prevalence=shares)
def test_treating_everybody_gains_nothing_at_the_prevalence(prevalence: float) -> None:
    assert treat_all(prevalence=prevalence, thresholds=prevalence) == pytest.approx(0, abs=1e-12)


@given(se=a_share, sp=a_share, prevalence=shares, at=shares)
def test_no_model_gains_more_than_one_that_is_always_right(
    se: Estimate, sp: Estimate, prevalence: float, at: float
) -> None:
    gained = net_benefit(se, sp, prevalence=prevalence, thresholds=at)
    assert gained.low <= gained.value <= gained.high
    assert gained.value <= prevalence + 1e-12
    right, never = exactly(1.0), exactly(0.0)
    perfect = net_benefit(right, right, prevalence=prevalence, thresholds=at)
    everybody = net_benefit(right, never, prevalence=prevalence, thresholds=at)
    nobody = net_benefit(never, right, prevalence=prevalence, thresholds=at)
    assert perfect.value == pytest.approx(prevalence)
    assert everybody.value == pytest.approx(treat_all(prevalence=prevalence, thresholds=at))
    assert nobody.value == pytest.approx(0, abs=1e-12)


@given(se=a_share, sp=a_share, what=assumed)
def test_net_benefit_at_the_threshold_of_the_costs_is_what_is_saved(
    se: Estimate, sp: Estimate, what: Assumptions
) -> None:
    at = what.threshold_probability
    if at is None or not 1e-6 < at < 1 - 1e-6:
        return
    gained = net_benefit(se, sp, prevalence=what.prevalence, thresholds=at)
    costs, without = costs_with_model(se, sp, what), costs_without_model(what)
    saved = without[Policy.NOBODY_TREATED] - costs[Policy.MODEL_ALONE].value
    assert what.missed * gained.value == pytest.approx(saved, rel=1e-6, abs=1e-6)
    everybody = without[Policy.NOBODY_TREATED] - without[Policy.EVERYBODY_TREATED]
    treated = treat_all(prevalence=what.prevalence, thresholds=at)
    assert what.missed * treated == pytest.approx(everybody, rel=1e-6, abs=1e-6)


@given(what=assumed)
def test_a_model_that_is_always_right_costs_only_its_reads(what: Assumptions) -> None:
    right, never = exactly(1.0), exactly(0.0)
    perfect = costs_with_model(right, right, what)
    assert perfect[Policy.MODEL_ALONE].value == pytest.approx(0, abs=1e-6)
    read = what.prevalence * what.read
    assert perfect[Policy.FLAGGED_READ].value == pytest.approx(read, abs=1e-6)
    without = costs_without_model(what)
    for se, sp, alone in (
        (right, never, without[Policy.EVERYBODY_TREATED]),
        (never, right, without[Policy.NOBODY_TREATED]),
    ):
        costs = costs_with_model(se, sp, what)
        assert costs[Policy.MODEL_ALONE].value == pytest.approx(alone, abs=1e-6)
    flags_all = costs_with_model(right, never, what)[Policy.FLAGGED_READ]
    assert flags_all.value == pytest.approx(without[Policy.ALL_READ], abs=1e-6)


@given(one=st.tuples(a_share, a_share), other=st.tuples(a_share, a_share), what=assumed)
def test_the_difference_of_costs_is_that_of_the_figures(
    one: tuple[Estimate, Estimate], other: tuple[Estimate, Estimate], what: Assumptions
) -> None:
    more = [linear_combination(0.0, (1.0, b), (-1.0, a)) for a, b in zip(one, other, strict=True)]
    found = cost_difference(more[0], more[1], what)
    before, after = costs_with_model(*one, what), costs_with_model(*other, what)
    for policy, difference in found.items():
        plain = after[policy].value - before[policy].value
        assert difference.value == pytest.approx(plain, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "wrong", [{"missed": -1.0}, {"read": float("inf")}, {"prevalence": 1.5}, {"missed": np.nan}]
)
def test_assumptions_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Assumptions(**{"prevalence": 0.3} | wrong)


def test_the_interval_of_net_benefit_covers_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    found = net_benefit(
        wilson(rng.binomial(60, 0.85, 4000), 60),
        wilson(rng.binomial(140, 0.9, 4000), 140),
        prevalence=0.3,
        thresholds=0.2,
    )
    true = 0.3 * 0.85 - 0.7 * 0.1 * 0.25
    assert 0.93 <= np.mean((found.low <= true) & (true <= found.high)) <= 0.98


def test_operating_points_of_bands_are_those_of_the_cases() -> None:
    rng = np.random.default_rng(2)
    truth, score = rng.integers(0, 2, 500), rng.random(500)
    weight = rng.choice([1.0, 2.0, 10.0], 500)
    bands = score_bands(truth, score, weight)
    sensitivity, specificity = operating_points(bands)
    for band, edge in enumerate(EDGES[:-1]):
        flagged = score >= edge
        ill = weight[(truth == 1) & flagged].sum() / weight[truth == 1].sum()
        well = weight[(truth == 0) & ~flagged].sum() / weight[truth == 0].sum()
        assert sensitivity.value[band] == pytest.approx(ill)
        assert specificity.value[band] == pytest.approx(well)


def test_tiers_share_out_every_case_and_read_from_the_top_they_find_all() -> None:
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 2, 400)
    score = np.clip(rng.normal(0.3 + 0.4 * truth, 0.2), 0, 1)
    tiers = risk_tiers(score_bands(truth, score), [0.2, 0.5, 0.8])
    assert tiers.low.tolist() == pytest.approx([0.8, 0.5, 0.2, 0])
    assert (tiers.n.sum(), tiers.films.sum()) == (400, pytest.approx(1))
    top = score >= 0.8
    assert tiers.observed.value[0] == pytest.approx(truth[top].mean())
    assert tiers.found[0] == pytest.approx(truth[top].sum() / truth.sum())
    assert (tiers.read[-1], tiers.found[-1]) == (pytest.approx(1), pytest.approx(1))
    assert np.all(np.diff(tiers.found) >= 0)


@pytest.mark.parametrize("cuts", [[0.5, 0.2], [0.0], [1.0], [0.33], [0.5, 0.5]])
def test_cuts_between_bands_are_refused(cuts: list[float]) -> None:
    with pytest.raises(ValueError, match="cuts must rise"):
        risk_tiers(score_bands([0, 1], [0.1, 0.9]), cuts)


def test_without_a_case_nothing_is_known() -> None:
    tiers = risk_tiers(score_bands([], []), [0.5])
    assert np.isnan(tiers.observed.value).all()
    assert np.isnan(tiers.found).all()
    assert np.isnan(operating_points(score_bands([], []))[0].value).all()
