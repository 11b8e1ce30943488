"""Laws of the promotion rule, and that it keeps its promises under continuous looks."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xray_assets.promotion import PairedCounts, PromotionDecision, PromotionRule
from xray_assets.promotion import decide as decide_by
from xray_assets.promotion.evidence import (
    accuracy_payoff,
    log_bet_totals,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.rules import VERSION_2
from xray_assets_tests.promotion.made_counts import paired, strata

EVIDENCE = ("e_better", "e_worse", "e_not_missing_more", "e_missing_more", "sensitivity_difference")


def decide(counts: PairedCounts) -> PromotionDecision:
    """By the last version that estimates who gets reviewed; others: `test_case_laws`."""
    return decide_by(counts, VERSION_2)


def evidence(decision) -> list[float]:
    return [getattr(decision, name) for name in EVIDENCE]


@given(strata(4))
def test_swapping_the_models_swaps_better_and_worse(counts) -> None:
    reviewed, unreviewed = counts
    decision = decide(paired(reviewed, unreviewed=unreviewed))
    swapped = decide(
        paired(reviewed.transpose(0, 2, 1, 3), unreviewed=unreviewed.transpose(0, 2, 1))
    )
    assert swapped.e_worse == pytest.approx(decision.e_better, rel=1e-9)
    assert swapped.e_better == pytest.approx(decision.e_worse, rel=1e-9)
    assert swapped.sensitivity_difference == pytest.approx(
        -decision.sensitivity_difference, nan_ok=True, abs=1e-12
    )


@given(strata(6), st.permutations(range(3)), st.booleans())
def test_the_order_of_bands_and_of_arms_does_not_matter(counts, bands, arms_swapped) -> None:
    reviewed, unreviewed = counts
    order = [*bands, *(3 + band for band in bands)]
    if arms_swapped:
        order = order[3:] + order[:3]
    assert evidence(decide(paired(reviewed[order], unreviewed=unreviewed[order]))) == pytest.approx(
        evidence(decide(paired(reviewed, unreviewed=unreviewed))), rel=1e-9, nan_ok=True
    )


@given(strata(4))
def test_empty_strata_change_nothing(counts) -> None:
    reviewed, unreviewed = counts

    def widened(array: np.ndarray) -> np.ndarray:
        nothing = np.zeros_like(array[:1])
        return np.concatenate([array[:2], nothing, array[2:], nothing])

    assert evidence(
        decide(paired(widened(reviewed), unreviewed=widened(unreviewed)))
    ) == pytest.approx(
        evidence(decide(paired(reviewed, unreviewed=unreviewed))), rel=1e-9, nan_ok=True
    )


@given(strata(4))
def test_fully_reviewed_strata_can_be_merged(counts) -> None:
    reviewed, _ = counts
    merged = reviewed.sum(axis=0, keepdims=True)
    assert evidence(decide(paired(merged))) == pytest.approx(
        evidence(decide(paired(reviewed))), rel=1e-9, nan_ok=True
    )


@given(strata(2), st.integers(0, 1), st.booleans())
def test_one_more_read_moves_evidence_its_own_way(counts, g: int, for_challenger: bool) -> None:
    reviewed, _ = counts
    a, b = (0, 1) if for_challenger else (1, 0)
    more = reviewed.copy()
    more[g, a, b, 1] += 1  # a positive that only one model finds
    before, after = decide(paired(reviewed)), decide(paired(more))
    assume(before.e_better < 1e250)
    up, down = ("e_better", "e_worse") if for_challenger else ("e_worse", "e_better")
    assert getattr(after, up) > getattr(before, up)
    assert getattr(after, down) < getattr(before, down)


@given(strata(2), st.randoms(use_true_random=False))
def test_only_recent_evidence_depends_on_the_order_of_review(counts, random) -> None:
    reviewed, _ = counts
    batches = np.stack([reviewed // 3, reviewed // 4, reviewed // 5])
    order = [0, 1, 2]
    random.shuffle(order)
    one = decide(paired(reviewed, batches=batches))
    other = decide(paired(reviewed, batches=batches[order]))
    assert evidence(one) == pytest.approx(evidence(other), nan_ok=True)
    assert one.recent_evidence >= decide(paired(reviewed)).recent_evidence - 1e-9


RULE = PromotionRule()


def verdicts(
    accuracy: tuple[float, float], *, n_runs: int, n_reads: int, common: float, seed: int
) -> tuple[float, float]:
    """Share of runs promoted and rolled back, looking after every read; all cases reviewed."""
    rng = np.random.default_rng(seed)
    y = rng.random((n_runs, n_reads)) < 0.5
    draws = rng.random((n_runs, n_reads, 2))
    draws[..., 1] = np.where(rng.random((n_runs, n_reads)) < common, draws[..., 0], draws[..., 1])
    wrong = draws > np.array(accuracy)
    labels = y[..., None] ^ wrong
    cell = labels[..., 0] * 4 + labels[..., 1] * 2 + y
    counts = np.cumsum(np.eye(8, dtype=np.int64)[cell.astype(int)], axis=1)
    counts = counts.reshape(n_runs, n_reads, 1, 2, 2, 2)
    everyone = np.ones((1, 2, 2))

    def log_e(payoff) -> np.ndarray:
        return log_mixture(log_bet_totals(counts, everyone, payoff, RULE.bets))

    totals = counts.sum(axis=(2, 3, 4))
    ready = (totals.sum(axis=2) >= 30) & (totals.min(axis=2) >= 10)
    rollback = np.logaddexp(log_e(accuracy_payoff(-1)), log_e(missing_more_payoff()))
    rolled_back = ready & (rollback - log(2) >= log(RULE.rollback_evidence))
    safe = log_e(not_missing_more_payoff(RULE.sensitivity_margin))
    gained = counts[:, :, 0, 0, 1, 1] >= counts[:, :, 0, 1, 0, 1]
    proven = np.minimum(log_e(accuracy_payoff(+1)), safe) >= log(RULE.promote_evidence)
    promoted = ready & proven & gained & ~rolled_back
    first_promote = np.where(promoted.any(axis=1), promoted.argmax(axis=1), n_reads)
    first_rollback = np.where(rolled_back.any(axis=1), rolled_back.argmax(axis=1), n_reads)
    return (
        float(np.mean(first_promote < first_rollback)),
        float(np.mean(first_rollback < first_promote)),
    )


@pytest.mark.parametrize("common", [0.0, 0.8])
def test_equal_models_are_seldom_promoted_or_rolled_back_however_often_one_looks(common) -> None:
    promoted, rolled_back = verdicts((0.8, 0.8), n_runs=400, n_reads=500, common=common, seed=23)
    assert promoted <= 0.05
    assert rolled_back <= 0.10


def test_a_better_challenger_is_promoted_and_a_worse_one_rolled_back() -> None:
    promoted, rolled_back = verdicts((0.8, 0.9), n_runs=100, n_reads=600, common=0.5, seed=29)
    assert promoted >= 0.98
    assert rolled_back <= 0.02
    promoted, rolled_back = verdicts((0.9, 0.8), n_runs=100, n_reads=600, common=0.5, seed=31)
    assert promoted == 0.0
    assert rolled_back >= 0.98
