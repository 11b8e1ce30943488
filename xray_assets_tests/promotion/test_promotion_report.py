"""What is reported beside a verdict."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import brentq
from statsmodels.stats.proportion import proportion_confint

from xray_assets.promotion import PromotionRule, decide, report
from xray_assets.promotion.review_next import cell_to_review_next
from xray_assets.promotion.rules import VERSION_2
from xray_assets.statistics.agreement import Agreement
from xray_assets_tests.promotion.made_counts import one_stratum, paired, strata

CELLS = {
    (0, 1, 1): 20,
    (1, 0, 0): 12,
    (1, 0, 1): 4,
    (0, 1, 0): 6,
    (1, 1, 1): 50,
    (0, 0, 0): 60,
    (1, 1, 0): 9,
    (0, 0, 1): 7,
}


def test_a_report_holds_the_decision_and_becomes_one_flat_row_and_json() -> None:
    counts = paired(one_stratum(CELLS))
    result = report(
        counts, served_correct=[[20, 60], [10, 78]], reader_agreement=Agreement(12, 0.9, 0.7)
    )
    assert result.decision == decide(counts)
    row = result.as_flat_dict()
    assert all(isinstance(value, str | int | float | bool | None) for value in row.values())
    assert row["decision_verdict"] == result.decision.verdict
    assert row["rule_sha256"] == row["decision_rule_sha256"]
    assert row["classical_caveat"] == "not valid under repeated looks"
    assert row["reader_agreement_kappa"] == 0.7
    nested = json.loads(result.as_json())
    assert nested["paired_table"][0][1] == [6, 20]
    assert nested["decision"]["reasons"] == [vars(reason) for reason in result.decision.reasons]


def test_a_report_on_nothing_has_empty_figures_and_is_still_valid_json() -> None:
    result = report(paired(np.zeros((4, 2, 2, 2), dtype=int)))
    nested = json.loads(result.as_json())
    assert nested["champion"]["naive_accuracy"]["value"] is None
    assert nested["coverage"][0][0][0] is None
    assert nested["classical"] is None
    assert nested["review_next"] is None
    difference = result.differences.accuracy
    assert (difference.low, difference.high) == (-1.0, 1.0)
    assert np.isnan(difference.value)


def test_naive_figures_are_those_of_the_paired_table() -> None:
    result = report(paired(one_stratum(CELLS)))
    champion, challenger = result.champion, result.challenger
    assert champion.naive_sensitivity.value == pytest.approx((50 + 4) / 81)
    assert challenger.naive_sensitivity.value == pytest.approx((50 + 20) / 81)
    assert champion.naive_specificity.value == pytest.approx((60 + 6) / 87)
    assert challenger.naive_accuracy.value == pytest.approx((50 + 20 + 60 + 12) / 168)
    low, high = proportion_confint(54, 81, method="wilson")
    assert champion.naive_sensitivity.low == pytest.approx(low)
    assert champion.naive_sensitivity.high == pytest.approx(high)
    assert vars(champion.corrected_accuracy) == pytest.approx(vars(champion.naive_accuracy))
    assert not result.differences.approximate


def test_corrected_figures_undo_biased_review() -> None:
    # Of 400 positives the champion finds 320; flagged films are reviewed nine times as often.
    reviewed = one_stratum({(1, 1, 1): 288, (0, 0, 1): 8, (0, 0, 0): 40})
    unreviewed = np.array([[[72 + 360, 0], [0, 32]]])
    result = report(paired(reviewed, unreviewed=unreviewed), VERSION_2)
    assert result.champion.naive_sensitivity.value == pytest.approx(288 / 296)
    assert result.champion.corrected_sensitivity.value == pytest.approx(0.8, abs=0.01)
    assert result.champion.corrected_sensitivity.n < 296
    assert result.differences.approximate
    assert result.coverage[0][1][1] == pytest.approx(0.9)


def test_bounds_agree_with_inverting_the_wealth_by_hand() -> None:
    result = report(paired(one_stratum(CELLS))).differences.sensitivity
    gains = np.repeat([1.0, -1.0, 0.0], [20, 4, 57])
    bets = 0.06 * (0.9 / 0.06) ** (np.arange(12) / 11)

    def log_wealth(shift: float, sign: float) -> float:
        z = sign * (gains - shift)
        c = 1 / max(1.0, 1 + sign * shift)
        return float(np.log(np.mean([np.prod(1 + bet * c * z) for bet in bets])) - np.log(40))

    assert result.value == pytest.approx(16 / 81)
    assert result.low == pytest.approx(
        brentq(lambda shift: log_wealth(shift, +1), -0.5, 16 / 81), abs=1e-5
    )
    assert result.high == pytest.approx(
        brentq(lambda shift: log_wealth(shift, -1), 16 / 81, 0.9), abs=1e-5
    )


@settings(max_examples=15)
@given(strata(2, largest=40))
def test_bounds_hold_the_estimate_and_swap_with_the_models(counts) -> None:
    reviewed, _ = counts
    differences = report(paired(reviewed)).differences
    swapped = report(paired(reviewed.transpose(0, 2, 1, 3))).differences
    for name in ("accuracy", "sensitivity", "specificity"):
        one, other = getattr(differences, name), getattr(swapped, name)
        if not np.isnan(one.value):
            assert -1 <= one.low <= one.value <= one.high <= 1
            assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-5)


def test_bounds_cover_the_truth_at_every_look_of_most_runs() -> None:
    rng = np.random.default_rng(37)
    truth = np.array([0.35, 0.02, 0.06, 0.04, 0.03, 0.05, 0.04, 0.41])  # [a, b, y] in order
    difference = truth[[3, 4]].sum() - truth[[2, 5]].sum()
    missed = 0
    for _ in range(60):
        cells = rng.choice(8, size=150, p=truth)
        for look in (20, 40, 70, 100, 150):
            reviewed = np.bincount(cells[:look], minlength=8).reshape(1, 2, 2, 2)
            bounds = report(paired(reviewed)).differences.accuracy
            if not bounds.low <= difference <= bounds.high:
                missed += 1
                break
    assert missed <= 6  # at most 5 % are expected


def test_the_next_review_comes_from_the_least_known_large_cell_of_disagreement() -> None:
    reviewed = np.zeros((2, 2, 2, 2), dtype=int)
    reviewed[0, 0, 1] = reviewed[1, 1, 0] = (10, 10)
    unreviewed = np.zeros((2, 2, 2), dtype=int)
    unreviewed[:, 0, 0] = 5000  # the models agree: says little
    unreviewed[0, 0, 1], unreviewed[1, 1, 0] = 30, 300
    cell = cell_to_review_next(paired(reviewed, unreviewed=unreviewed))
    assert cell is not None
    assert (cell.stratum, cell.champion_label, cell.challenger_label) == (1, 1, 0)
    assert cell.unreviewed == 300
    assert cell_to_review_next(paired(reviewed)) is None


def test_anytime_p_is_the_inverse_of_evidence() -> None:
    result = report(paired(one_stratum(CELLS)), PromotionRule())
    assert result.anytime_p["p_better"] == pytest.approx(1 / result.decision.e_better)
    assert result.anytime_p["p_worse"] == 1.0
