"""Reader agreement, uncertainty bands and the classical comparison."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact
from sklearn.metrics import cohen_kappa_score

from xray_assets.promotion.counts.uncertainty_bands import DEFAULT_CUTS, band_of, n_strata, stratum
from xray_assets.statistics.agreement import (
    agreement,
    cohens_kappa,
    reader_agreement,
)
from xray_assets.statistics.classical import NOT_VALID, classical_comparison

answers = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=50)


@given(answers)
def test_kappa_agrees_with_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    expected = np.nan
    if len(np.unique(pairs)) > 1:
        expected = cohen_kappa_score(first, second)
    assert cohens_kappa(first, second) == pytest.approx(expected, nan_ok=True)
    assert agreement(first, second).percent_agreement == pytest.approx(np.mean(first == second))


def test_readers_who_always_say_the_same_thing_have_no_kappa() -> None:
    result = agreement(["NORMAL"] * 4, ["NORMAL"] * 4)
    assert result.percent_agreement == 1.0
    assert np.isnan(result.kappa)


@given(answers)
def test_two_readers_pooled_are_just_that_pair(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs).T
    cases = np.tile(np.arange(len(pairs)), 2)
    readers = np.repeat(["DR001", "DR002"], len(pairs))
    pooled = reader_agreement(cases, readers, np.concatenate([first, second]))
    pair = agreement(first, second)
    assert pooled.n == pair.n
    assert pooled.percent_agreement == pytest.approx(pair.percent_agreement)
    assert pooled.kappa == pytest.approx(pair.kappa, nan_ok=True)


def test_pairs_of_readers_are_weighted_by_their_common_cases() -> None:
    cases = [1, 2, 3, 1, 2, 3, 3, 9]
    readers = ["a", "a", "a", "b", "b", "b", "c", "c"]
    reads = [0, 1, 1, 0, 1, 0, 1, 1]
    pooled = reader_agreement(cases, readers, reads)
    assert pooled.n == 5  # a-b share three cases, a-c and b-c one
    assert pooled.percent_agreement == pytest.approx((2 + 1 + 0) / 5)


def test_single_reads_have_no_agreement_and_a_double_answer_is_refused() -> None:
    assert np.isnan(reader_agreement([1, 2], ["a", "b"], [0, 1]).percent_agreement)
    with pytest.raises(ValueError, match="keep the latest"):
        reader_agreement([1, 1, 1], ["a", "a", "b"], [0, 1, 1])


def test_bands_run_from_uncertain_to_sure_and_strata_keep_arms_apart() -> None:
    bands = band_of([0.5, 0.69, 0.71, 0.02], 0.5, (0.2, 0.4))
    np.testing.assert_array_equal(bands, [0, 0, 1, 2])
    np.testing.assert_array_equal(stratum([0, 0, 1, 1], bands, (0.2, 0.4)), [0, 0, 4, 5])
    assert n_strata((0.2, 0.4)) == 6
    assert n_strata(DEFAULT_CUTS) >= 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: band_of(0.5, 0.5, ()), "at least one cut"),
        (lambda: band_of(0.5, 0.5, (0.4, 0.2)), "increase"),
        (lambda: band_of(np.nan, 0.5), "NaN"),
        (lambda: stratum(2, 0), "served_arm"),
        (lambda: stratum(1, len(DEFAULT_CUTS) + 1), "band"),
        (lambda: agreement([1], [1, 2]), "equally long"),
        (lambda: reader_agreement([1], ["a", "b"], [1]), "equally long"),
        (lambda: classical_comparison([[1, -1], [2, 2]]), r"\(2, 2\)"),
    ],
)
def test_bad_input_is_refused_with_a_reason(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


@given(st.lists(st.integers(0, 200), min_size=4, max_size=4))
def test_the_classical_p_agrees_with_scipy_and_never_crashes(cells: list[int]) -> None:
    table = np.array(cells).reshape(2, 2)
    result = classical_comparison(table)
    assert result.caveat == NOT_VALID
    if table.sum(axis=1).min() == 0:
        assert result.test == "none"
        assert np.isnan(result.p_value)
    elif result.test == "fisher":
        assert result.p_value == pytest.approx(fisher_exact(table)[1], rel=1e-6)
    else:
        chi2, p, _, _ = chi2_contingency(table)
        assert (result.statistic, result.p_value) == pytest.approx((chi2, p))


def test_what_the_classical_rule_would_have_said() -> None:
    assert classical_comparison([[40, 60], [20, 80]]).rule_says == "PROMOTE"
    assert classical_comparison([[20, 80], [40, 60]]).rule_says == "ROLLBACK"
    assert classical_comparison([[20, 80], [21, 79]]).rule_says == "KEEP_TESTING"
    assert classical_comparison([[25, 4], [2, 98]]).rule_says == "KEEP_TESTING"  # 29 reads
    assert classical_comparison([[0, 50], [0, 50]]).rule_says == "KEEP_TESTING"  # no errors
