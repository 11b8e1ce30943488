"""The classical figures of drift: those of scipy, and none of the faults they are known for."""

import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from xray_assets.statistics.drift.classical import (
    Status,
    contingency_test,
    decile_cuts,
    drift_of_categories,
    drift_of_numbers,
    drift_of_window,
    population_stability_index,
)

RNG = np.random.default_rng(3)
OLD, NEW = RNG.normal(0, 2, 3000), RNG.normal(0.4, 2, 900)


def psi(found) -> float:
    assert found.population_stability_index is not None
    return found.population_stability_index


def of_bins(values):
    return np.bincount(np.searchsorted(decile_cuts(OLD), values, side="right"), minlength=10)


def test_numbers_are_compared_as_scipy_compares_them():
    found = drift_of_numbers(OLD, NEW)
    ks = stats.ks_2samp(OLD, NEW)
    assert found.status is Status.OK
    assert (found.ks_test.statistic, found.ks_test.pvalue) == (ks.statistic, ks.pvalue)
    distance = stats.wasserstein_distance(OLD, NEW) / OLD.std()
    assert found.wasserstein_distance == pytest.approx(distance)
    p, q = of_bins(OLD) / 3000, of_bins(NEW) / 900
    assert found.js_distance == pytest.approx(jensenshannon(p, q, base=2))
    both_ways = stats.entropy(p, q) + stats.entropy(q, p)
    assert psi(found) == pytest.approx(both_ways)
    assert found.psi_by_chance == pytest.approx(9 * (1 / 3000 + 1 / 900))


def test_the_bins_are_deciles_of_the_baseline():
    assert np.abs(of_bins(OLD) - 300).max() <= 1


def test_of_equal_distributions_psi_is_what_chance_makes_of_it():
    pairs = [np.split(RNG.normal(size=1500), [1000]) for _ in range(300)]
    found = [drift_of_numbers(old, new) for old, new in pairs]
    mean = np.mean([psi(one) for one in found])
    assert mean == pytest.approx(found[0].psi_by_chance, rel=0.15)


@pytest.mark.parametrize("beyond", [-100.0, 100.0])
def test_values_out_of_the_baselines_range_are_not_dropped(beyond):
    new = NEW.copy()
    new[: int(0.6 * len(new))] = beyond
    assert psi(drift_of_numbers(OLD, new)) > 1


@pytest.mark.parametrize("moved", [-1.0, 1.0])
@pytest.mark.parametrize("share", [0.15, 1.0])
def test_a_value_that_the_baseline_holds_often_is_seen_to_leave_both_ways(moved, share):
    old = np.where(RNG.random(2000) < share, 0.0, RNG.uniform(0.5, 1, 2000))
    new = np.where(old == 0, moved, old)
    assert psi(drift_of_numbers(old, old)) == 0
    assert psi(drift_of_numbers(old, new)) > 0.5


def test_a_constant_baseline_has_no_distance_in_its_deviations_but_a_test():
    found = drift_of_numbers(np.ones(400), np.full(400, 1.5))
    assert found.wasserstein_distance is None
    assert found.ks_test.pvalue < 1e-9


def test_categories_drift_whatever_the_totals_are():
    old, new = np.repeat(["a", "b", "c"], [500, 300, 200]), np.repeat(["a", "b"], [150, 150])
    found = drift_of_categories(old, new)
    pinned = stats.chi2_contingency([[500, 300, 200], [150, 150, 0]])
    assert found.chi_squared_test.name == "chi-square"
    assert found.chi_squared_test.pvalue == pytest.approx(pinned.pvalue)
    assert found.chi_squared_test.statistic == pytest.approx(pinned.statistic)
    assert psi(found) > 0.25
    same = drift_of_categories(old, np.repeat(["a", "b", "c"], [250, 150, 100]))
    assert same.chi_squared_test.pvalue > 0.99
    assert psi(same) == pytest.approx(0)


def test_a_category_that_the_baseline_never_saw_is_drift():
    found = drift_of_categories(np.repeat(["a"], 600), np.repeat(["new"], 600))
    assert psi(found) > 1
    assert found.chi_squared_test.pvalue < 1e-9


def test_few_expected_are_tested_exactly():
    fisher = contingency_test(np.array([40, 2]), np.array([30, 5]))
    assert fisher.name == "fisher"
    assert fisher.pvalue == pytest.approx(stats.fisher_exact([[40, 2], [30, 5]]).pvalue)
    permuted = contingency_test(np.array([20, 3, 1]), np.array([9, 8, 4]))
    assert permuted.name == "permutation"
    exact = stats.fisher_exact([[20, 3, 1], [9, 8, 4]]).pvalue
    assert permuted.pvalue == pytest.approx(exact, abs=0.02)
    assert permuted == contingency_test(np.array([20, 3, 1]), np.array([9, 8, 4]))


def test_one_category_alone_is_no_drift():
    assert contingency_test(np.array([5, 0]), np.array([9, 0])).pvalue == 1


@pytest.mark.parametrize(("n", "status"), [(199, Status.TOO_FEW), (200, Status.OK)])
def test_under_200_values_there_is_no_psi_but_a_p(n, status):
    for found in (drift_of_numbers(OLD, NEW[:n]), drift_of_numbers(NEW[:n], OLD)):
        assert found.status is status
        assert (found.population_stability_index is None) == (status is Status.TOO_FEW)
        assert found.ks_test is not None


def test_no_values_are_too_few_and_not_no_drift():
    for of in (drift_of_numbers, drift_of_categories):
        found = of(OLD, OLD[:0])
        assert (found.status, found.ks_test, found.chi_squared_test) == (Status.TOO_FEW, None, None)


def test_p_is_adjusted_over_the_columns_of_the_window():
    old = pl.DataFrame({f"c{i}": RNG.normal(size=400) for i in range(8)} | {"k": ["a", "b"] * 200})
    new = pl.DataFrame({f"c{i}": RNG.normal(size=300) for i in range(8)} | {"k": ["a"] * 300})
    found = drift_of_window(old, new)
    assert [one.column for one in found] == old.columns
    pvalues = [(one.ks_test or one.chi_squared_test).pvalue for one in found]
    assert [one.pvalue_adjusted for one in found] == pytest.approx(
        stats.false_discovery_control(pvalues)
    )


def test_a_column_that_errors_is_unknown_and_the_others_are_judged():
    columns = {"good": OLD[:500], "gone": OLD[:500], "text": OLD[:500], "broken": OLD[:500]}
    old = pl.DataFrame(columns)
    broken = pl.Series(np.where(np.arange(500) == 7, np.nan, OLD[:500]))
    new = old.drop("gone").with_columns(pl.col("text").cast(pl.String), broken=broken)
    found = {one.column: one for one in drift_of_window(old, new)}
    assert found["good"].status is Status.OK
    problems = {name: found[name].problem for name in ("gone", "text", "broken")}
    assert problems == {"gone": "missing", "text": "other_type", "broken": "ValueError"}
    for name in problems:
        assert found[name].status == "error"
        assert found[name].pvalue_adjusted is None


def test_nulls_are_no_values():
    old = pl.DataFrame({"x": OLD[:600]})
    new = pl.DataFrame({"x": [*OLD[:250], *[None] * 100]})
    (found,) = drift_of_window(old, new)
    assert (found.status, found.n_reference, found.n) == (Status.OK, 600, 250)


def test_a_cell_that_is_empty_in_one_counts_a_half():
    p, q = np.array([10, 0.5]) / 10.5, np.array([0.5, 0.5])
    by_hand = stats.entropy(p, q) + stats.entropy(q, p)
    found = population_stability_index(np.array([10, 0, 0]), np.array([4, 4, 0]))
    assert found == pytest.approx(by_hand)


@given(
    st.lists(st.integers(0, 50), min_size=2, max_size=6).filter(any),
    st.lists(st.integers(0, 50), min_size=6, max_size=6).filter(any),
)
def test_psi_is_never_negative_and_of_equal_shares_zero(old, new):
    reference = np.array(old)
    window = np.array(new[: len(old)]) + 1
    assert population_stability_index(reference, window) >= 0
    assert population_stability_index(reference, 3 * reference) == pytest.approx(0)


def test_scipy_is_loaded_only_where_a_figure_is_computed():
    code = (
        "import sys, xray_assets.statistics.drift.classical\n"
        "sys.exit(any(name.startswith('scipy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
