"""From figures to PROMOTE, KEEP_TESTING or ROLLBACK.

Formulas of the evidence live in `evidence`; figures that no verdict depends on in
`promotion_report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isnan

from xray_assets.promotion.figures import PromotionFigures, promotion_figures
from xray_assets.promotion.paired_counts import PairedCounts
from xray_assets.promotion.rule import PromotionRule


class Verdict(StrEnum):
    """What to do with the challenger."""

    PROMOTE = "PROMOTE"
    KEEP_TESTING = "KEEP_TESTING"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, kw_only=True)
class PromotionDecision(PromotionFigures):
    """The verdict, the figures it rests on, and why: each reason reads "code: sentence"."""

    verdict: Verdict
    reasons: tuple[str, ...]

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """The reasons' codes alone, for machines."""
        return tuple(reason.partition(":")[0] for reason in self.reasons)


DEFAULT_RULE = PromotionRule()


def decide(counts: PairedCounts, rule: PromotionRule = DEFAULT_RULE) -> PromotionDecision:
    """The verdict on `counts`; may be asked after every read. Pure, no randomness.

    Sources: decision.md sections 2 to 4.
    """
    figures = promotion_figures(counts, rule)
    verdict, reasons = _judge(figures, rule)
    return PromotionDecision(verdict=verdict, reasons=reasons, **vars(figures))


def _judge(figures: PromotionFigures, rule: PromotionRule) -> tuple[Verdict, tuple[str, ...]]:
    shortfalls = _shortfalls(figures, rule)
    if not shortfalls:
        if figures.e_rollback >= rule.rollback_evidence:
            return Verdict.ROLLBACK, _harms(figures, rule)
        if not (doubts := _doubts(figures, rule)):
            return Verdict.PROMOTE, (
                f"better: more accurate, e = {figures.e_better:.3g}, needs "
                f"{rule.promote_evidence:g}",
                f"not_missing_more: misses fewer than {rule.sensitivity_margin:.0%} more positives,"
                f" e = {figures.e_not_missing_more:.3g}, needs {rule.promote_evidence:g}",
            )
        shortfalls = doubts
    if figures.n_reviewed >= rule.max_reads:
        shortfalls = [
            f"inconclusive: {figures.n_reviewed} reads, the maximum is {rule.max_reads}; "
            "close the experiment, the champion serves",
            *shortfalls,
        ]
    elif figures.expected_further_reads:
        shortfalls.append(
            f"expected_further_reads: about {figures.expected_further_reads} at the present growth"
        )
    return Verdict.KEEP_TESTING, tuple(shortfalls)


def _shortfalls(figures: PromotionFigures, rule: PromotionRule) -> list[str]:
    needs = (
        ("too_few_reviewed", "reviewed cases", figures.n_reviewed, rule.min_reviewed),
        ("too_few_positives", "reviewed positives", figures.n_positive, rule.min_positives),
        ("too_few_negatives", "reviewed negatives", figures.n_negative, rule.min_negatives),
    )
    return [
        f"{code}: {have} of {need} {what}, {need - have} more are needed"
        for code, what, have, need in needs
        if have < need
    ]


def _harms(figures: PromotionFigures, rule: PromotionRule) -> tuple[str, ...]:
    harms = sorted(
        (
            (figures.e_worse, "worse: the challenger is less accurate"),
            (figures.e_missing_more, "missing_more: the challenger misses more positives"),
        ),
        reverse=True,
    )
    combined = f"e = {figures.e_rollback:.3g}, needs {rule.rollback_evidence:g}"
    return tuple(
        f"{sentence}, e = {e:.3g} (with the other claim {combined})"
        for e, sentence in harms
        if e >= rule.rollback_evidence
    )


def _doubts(figures: PromotionFigures, rule: PromotionRule) -> list[str]:
    """Why a challenger that is not rolled back is not promoted either; empty: it is promoted."""
    doubts: list[str] = []
    if figures.e_sample_ratio >= rule.sample_ratio_evidence:
        doubts.append(
            f"sample_ratio: traffic disagrees with the configured split, "
            f"e = {figures.e_sample_ratio:.3g}, alarm at {rule.sample_ratio_evidence:g}"
        )
    if figures.recent_evidence >= rule.recent_evidence:
        doubts.append(
            f"recent_evidence: recent reads speak against the challenger, "
            f"{figures.recent_evidence:.3g}, alarm at {rule.recent_evidence:g}"
        )
    if figures.e_better < rule.promote_evidence:
        doubts.append(
            f"not_proven_better: e = {figures.e_better:.3g}, needs {rule.promote_evidence:g}"
        )
    if figures.e_not_missing_more < rule.promote_evidence:
        doubts.append(
            f"not_proven_safe: that it misses no more positives has "
            f"e = {figures.e_not_missing_more:.3g}, needs {rule.promote_evidence:g}"
        )
    if isnan(figures.sensitivity_difference):
        doubts.append("sensitivity_unknown: no reviewed positives")
    elif figures.sensitivity_difference < 0:
        doubts.append(
            f"sensitivity_lower: estimated difference {figures.sensitivity_difference:+.3f}"
        )
    return doubts
