"""The verdict: each boundary, each guard, each reason."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from math import log

import numpy as np
import pytest

from xray_assets.promotion import PromotionRule, Verdict, decide
from xray_assets.promotion.rules import RULES, VERSION_1, VERSION_2, UnknownRule, rule_of
from xray_assets_tests.promotion.made_counts import one_stratum, paired

BETTER = {(0, 1, 1): 20, (1, 0, 0): 20, (1, 1, 1): 40, (0, 0, 0): 40}
WORSE = {(1, 0, 1): 20, (0, 1, 0): 20, (1, 1, 1): 40, (0, 0, 0): 40}


def test_a_clearly_better_challenger_is_promoted() -> None:
    decision = decide(paired(one_stratum(BETTER)))
    assert decision.verdict is Verdict.PROMOTE == "PROMOTE"
    assert decision.reason_codes == ("better", "not_missing_more")
    assert decision.sensitivity_difference == pytest.approx(20 / 60)
    assert (decision.n_reviewed, decision.n_positive, decision.n_negative) == (120, 60, 60)


def test_a_clearly_worse_challenger_is_rolled_back() -> None:
    decision = decide(paired(one_stratum(WORSE)))
    assert decision.verdict is Verdict.ROLLBACK
    assert "worse" in decision.reason_codes


def test_a_challenger_that_only_misses_more_is_rolled_back_for_that() -> None:
    cells = {(1, 0, 1): 15, (1, 0, 0): 25, (1, 1, 1): 40, (0, 0, 0): 40}
    decision = decide(paired(one_stratum(cells)))
    assert decision.e_better > 1 > decision.e_worse
    assert decision.verdict is Verdict.ROLLBACK
    assert decision.reason_codes == ("missing_more",)


def test_nothing_reviewed_is_no_verdict_and_no_crash() -> None:
    decision = decide(
        paired(np.zeros((4, 2, 2, 2), dtype=int), served=np.zeros((0, 2), int), split=np.zeros(0))
    )
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.reason_codes == ("too_few_reviewed", "too_few_positives", "too_few_negatives")
    assert (decision.e_better, decision.e_worse, decision.e_sample_ratio) == (1.0, 1.0, 1.0)
    assert np.isnan(decision.sensitivity_difference)


@pytest.mark.parametrize("better", [True, False])
@pytest.mark.parametrize(
    ("positives", "negatives", "shortfall"),
    [
        (15, 14, {"too_few_reviewed"}),
        (15, 15, set()),
        (9, 30, {"too_few_positives"}),
        (10, 30, set()),
        (30, 9, {"too_few_negatives"}),
        (30, 10, set()),
    ],
)
def test_no_verdict_before_enough_reads(
    better: bool, positives: int, negatives: int, shortfall: set[str]
) -> None:
    a, b = (0, 1) if better else (1, 0)
    decision = decide(paired(one_stratum({(a, b, 1): positives, (b, a, 0): negatives})))
    verdict = Verdict.PROMOTE if better else Verdict.ROLLBACK
    assert decision.verdict is (Verdict.KEEP_TESTING if shortfall else verdict)
    assert shortfall <= set(decision.reason_codes)
    if shortfall:
        assert decision.reason_codes[0] == next(iter(shortfall))


def test_evidence_thresholds_are_met_exactly_where_the_rule_puts_them() -> None:
    close: set[Verdict] = set()
    for n in range(3, 25):
        for a, b in ((0, 1), (1, 0)):
            cells = {(a, b, 1): n, (b, a, 0): n, (1, 1, 1): 40, (0, 0, 0): 40}
            decision = decide(paired(one_stratum(cells)))
            proof = min(decision.e_better, decision.e_not_missing_more)
            expected = Verdict.KEEP_TESTING
            if decision.e_rollback >= 10:
                expected = Verdict.ROLLBACK
            elif proof >= 20:
                expected = Verdict.PROMOTE
            assert decision.verdict is expected
            if 10 <= decision.e_rollback < 20 or 20 <= proof < 40 or 5 <= proof < 20:
                close.add(expected)
    assert close == set(Verdict)


def test_accuracy_must_be_proven_at_the_same_level_as_safety() -> None:
    close: set[Verdict] = set()
    for losses in range(26):
        cells = {(0, 1, 1): 25, (0, 1, 0): losses, (1, 1, 1): 100, (0, 0, 0): 40}
        decision = decide(paired(one_stratum(cells)))
        assert decision.e_not_missing_more >= 20 > decision.e_rollback * 2
        expected = Verdict.PROMOTE if decision.e_better >= 20 else Verdict.KEEP_TESTING
        assert decision.verdict is expected
        if 10 <= decision.e_better < 40:
            close.add(expected)
    assert close == {Verdict.PROMOTE, Verdict.KEEP_TESTING}


def test_both_claims_must_be_proven() -> None:
    only_specificity = {(1, 0, 0): 30, (1, 1, 1): 15, (0, 0, 0): 40}
    decision = decide(paired(one_stratum(only_specificity)))
    assert decision.e_better >= 20 > decision.e_not_missing_more
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.reason_codes[0] == "not_proven_safe"


def test_a_lower_estimated_sensitivity_is_not_promoted() -> None:
    cells = {(1, 0, 0): 60, (0, 1, 1): 29, (1, 0, 1): 30, (1, 1, 1): 2000, (0, 0, 0): 40}
    decision = decide(paired(one_stratum(cells)))
    assert decision.e_better >= 20
    assert decision.e_not_missing_more >= 20
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.reason_codes == ("sensitivity_lower",)
    equal = decide(paired(one_stratum({**cells, (0, 1, 1): 30})))
    assert equal.verdict is Verdict.PROMOTE


def test_a_wrong_traffic_split_holds_promotion_back_but_not_rollback() -> None:
    served = [[80, 20]]
    promoted = decide(paired(one_stratum(BETTER), served=served))
    assert promoted.e_sample_ratio >= 100
    assert promoted.verdict is Verdict.KEEP_TESTING
    assert promoted.reason_codes == ("sample_ratio",)
    assert decide(paired(one_stratum(WORSE), served=served)).verdict is Verdict.ROLLBACK
    ramped = decide(paired(one_stratum(BETTER), served=[[50, 50], [20, 80]], split=[0.5, 0.8]))
    assert ramped.verdict is Verdict.PROMOTE


def turned_worse(
    batches_good: int, batches_bad: int, *, losses: int = 7
) -> tuple[np.ndarray, np.ndarray]:
    good = one_stratum({(0, 1, 1): 12, (1, 0, 0): 12, (1, 1, 1): 38, (0, 0, 0): 38})
    bad = one_stratum({(1, 0, 1): losses, (0, 1, 0): losses, (1, 1, 1): 43, (0, 0, 0): 43})
    batches = np.stack([good] * batches_good + [bad] * batches_bad)
    return batches.sum(axis=0), batches


def test_recent_reads_against_the_challenger_hold_promotion_back() -> None:
    reviewed, batches = turned_worse(6, 2)
    blind = decide(paired(reviewed))
    assert blind.verdict is Verdict.PROMOTE
    decision = decide(paired(reviewed, batches=batches), VERSION_1)
    assert decision.recent_evidence >= 100
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.reason_codes == ("recent_evidence",)
    unfinished = decide(paired(reviewed, batches=batches[:-2]))
    assert unfinished.recent_evidence >= 100  # the rest counts as the newest batch


def test_a_lost_advantage_holds_promotion_back_before_there_is_proof_of_harm() -> None:
    reviewed, batches = turned_worse(6, 1, losses=4)
    decision = decide(paired(reviewed, batches=batches))
    assert decision.recent_evidence < 100
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.reason_codes == ("advantage_lost",)
    assert decide(paired(reviewed, batches=batches), VERSION_1).verdict is Verdict.PROMOTE
    unfinished = decide(paired(reviewed, batches=batches[:-1]))
    assert unfinished.reason_codes == ("advantage_lost",)  # the rest counts as the newest batch


def test_the_fall_of_the_evidence_is_measured_from_its_highest_value() -> None:
    reviewed, batches = turned_worse(3, 2)
    after = [decide(paired(batches[:k].sum(axis=0))).e_better for k in range(1, 6)]
    decision = decide(paired(reviewed, batches=batches))
    assert decision.better_fell == pytest.approx(max(after) / after[-1])
    assert decide(paired(reviewed)).better_fell == 1.0  # the order is not known
    assert decide(paired(reviewed, batches=batches[::-1].copy())).better_fell == pytest.approx(1.0)


def test_an_experiment_is_judged_by_the_rule_that_it_froze() -> None:
    of_0_1_0 = "c055c0cd4adb8321626414c81534de2041fb050b30b15ba3dfdaeb891ea3a74a"
    of_0_2_0 = "676c8cbb960fd970dd4ffbda61a09ebe79247b8f675fb6953912fd0119b4fef0"
    assert rule_of(of_0_1_0) == VERSION_1
    assert rule_of(of_0_2_0) == VERSION_2
    assert rule_of(PromotionRule().sha256) == PromotionRule()
    assert len({rule.reviews_per_batch for rule in RULES.values()}) == 1  # one table serves all
    with pytest.raises(UnknownRule, match="xray experiment close"):
        rule_of("0" * 64)


def test_recent_evidence_is_the_sum_of_restarted_rollback_evidence() -> None:
    reviewed, batches = turned_worse(2, 2)
    decision = decide(paired(reviewed, batches=batches))
    restarts = [decide(paired(batches[k:].sum(axis=0))).e_rollback for k in range(4)]
    assert decision.recent_evidence == pytest.approx(sum(restarts))
    single = decide(paired(reviewed))
    assert single.recent_evidence == pytest.approx(single.e_rollback)


def test_the_maximum_of_reads_ends_an_undecided_experiment() -> None:
    even = {(0, 1, 1): 5, (1, 0, 1): 5, (1, 1, 1): 40, (0, 0, 0): 49}
    before = decide(paired(one_stratum(even)), PromotionRule(max_reads=100))
    assert "inconclusive" not in before.reason_codes
    after = decide(paired(one_stratum({**even, (0, 0, 0): 50})), PromotionRule(max_reads=100))
    assert after.verdict is Verdict.KEEP_TESTING
    assert after.reason_codes[0] == "inconclusive"
    decided = decide(paired(one_stratum(BETTER)), PromotionRule(max_reads=100))
    assert decided.verdict is Verdict.PROMOTE


def test_further_reads_are_estimated_while_evidence_grows() -> None:
    growing = {key: max(1, n // 4) for key, n in BETTER.items()}
    decision = decide(paired(one_stratum(growing)))
    assert decision.verdict is Verdict.KEEP_TESTING
    assert decision.expected_further_reads is not None
    assert 0 < decision.expected_further_reads < 200
    assert decision.reason_codes[-1] == "expected_further_reads"
    assert decide(paired(one_stratum(WORSE))).expected_further_reads is None
    assert decide(paired(one_stratum(BETTER))).expected_further_reads == 0


def test_a_stratum_that_nobody_reviews_holds_promotion_back() -> None:
    reviewed = np.concatenate([one_stratum(BETTER), np.zeros((1, 2, 2, 2), dtype=int)])
    nobody = np.stack([np.zeros((2, 2), dtype=int), np.full((2, 2), 500)])
    assert decide(paired(reviewed)).verdict is Verdict.PROMOTE
    unread = decide(paired(reviewed, unreviewed=nobody), VERSION_2)
    assert unread.verdict is Verdict.KEEP_TESTING


def test_huge_counts_neither_overflow_nor_warn() -> None:
    with np.errstate(all="raise", under="ignore"):
        for cells in (BETTER, WORSE):
            huge = {cell: n * 10**12 for cell, n in cells.items()}
            decision = decide(paired(one_stratum(huge), served=[[10**12, 10**12]]))
            assert all(np.isfinite(v) for v in vars(decision).values() if isinstance(v, float))
            json.dumps(dataclasses.asdict(decision), allow_nan=False)


def test_the_rules_hash_covers_every_constant() -> None:
    rule = PromotionRule()
    assert rule.sha256 == hashlib.sha256(rule.canonical_json.encode()).hexdigest()
    assert rule.sha256 == PromotionRule().sha256
    hashes = {rule.sha256}
    for field in dataclasses.fields(rule):
        value = getattr(rule, field.name)
        if isinstance(value, str):
            changed = value + "x"
        elif isinstance(value, tuple):
            changed = (*value, 0.45)
        else:
            changed = value * 0.99 if isinstance(value, float) else value + 1
        hashes.add(dataclasses.replace(rule, **{field.name: changed}).sha256)
    assert len(hashes) == len(dataclasses.fields(rule)) + 1
    assert decide(paired(one_stratum(BETTER))).rule_sha256 == rule.sha256


def test_the_default_constants_are_those_of_the_decision_document() -> None:
    rule = PromotionRule()
    assert (rule.promote_evidence, rule.rollback_evidence) == (20.0, 10.0)
    assert (rule.sample_ratio_evidence, rule.recent_evidence) == (100.0, 100.0)
    assert (rule.min_reviewed, rule.min_positives, rule.min_negatives) == (30, 10, 10)
    assert rule.sensitivity_margin == 0.03
    steps = np.diff(np.log(rule.bets))
    np.testing.assert_allclose(steps, log(0.9 / 0.06) / 11)
    assert (rule.bets[0], rule.bets[-1]) == pytest.approx((0.06, 0.9))


@pytest.mark.parametrize(
    "changed",
    [
        {"highest_bet": 1.0},
        {"lowest_bet": 0.0},
        {"sensitivity_margin": 1.0},
        {"promote_evidence": 1.0},
        {"interval_level": 1.0},
        {"n_bets": 0},
        {"sample_ratio_pseudo_counts": 0.0},
        {"min_positives": -1},
    ],
)
def test_constants_that_void_the_guarantees_are_refused(changed) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        PromotionRule(**changed)
