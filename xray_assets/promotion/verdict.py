"""From figures to PROMOTE, KEEP_TESTING or ROLLBACK.

Formulas of the evidence live in `evidence`; figures that no verdict depends on in
`promotion_report`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isnan

from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.figures import PromotionFigures, promotion_figures
from xray_assets.promotion.rule import PromotionRule
from xray_assets.reasons import (
    BACKLOG,
    INCONCLUSIVE,
    RECENT_EVIDENCE,
    SAMPLE_RATIO,
    TOO_FEW,
    Reason,
    codes_of,
)


class Verdict(StrEnum):
    """What to do with the challenger."""

    PROMOTE = "PROMOTE"
    KEEP_TESTING = "KEEP_TESTING"
    ROLLBACK = "ROLLBACK"


@dataclass(frozen=True, kw_only=True)
class PromotionDecision(PromotionFigures):
    """The verdict, the figures it rests on, and why."""

    verdict: Verdict
    reasons: tuple[Reason, ...]

    @property
    def reason_codes(self) -> tuple[str, ...]:
        """The reasons' codes alone, for machines."""
        return codes_of(self.reasons)


DEFAULT_RULE = PromotionRule()


def decide(counts: PairedCounts, rule: PromotionRule = DEFAULT_RULE) -> PromotionDecision:
    """The verdict on `counts`; may be asked after every read. Pure, no randomness.

    Sources: docs/decision.md, "Input" to "Verdict".
    """
    figures = promotion_figures(counts, rule)
    verdict, reasons = _judge(figures, rule)
    return PromotionDecision(verdict=verdict, reasons=reasons, **vars(figures))


def _judge(figures: PromotionFigures, rule: PromotionRule) -> tuple[Verdict, tuple[Reason, ...]]:
    shortfalls = _shortfalls(figures, rule)
    if not shortfalls:
        if figures.e_rollback >= rule.rollback_evidence:
            return Verdict.ROLLBACK, _harms(figures, rule)
        if not (doubts := _doubts(figures, rule)):
            return Verdict.PROMOTE, (
                Reason(
                    "better",
                    f"more accurate, e = {figures.e_better:.3g}, needs {rule.promote_evidence:g}",
                ),
                Reason(
                    "not_missing_more",
                    f"misses fewer than {rule.sensitivity_margin:.0%} more positives, "
                    f"e = {figures.e_not_missing_more:.3g}, needs {rule.promote_evidence:g}",
                ),
            )
        shortfalls = doubts
    if figures.n_reviewed >= rule.max_reads:
        shortfalls = [
            Reason(
                INCONCLUSIVE,
                f"{figures.n_reviewed} reads, the maximum is {rule.max_reads}; "
                "close the experiment, the champion serves",
            ),
            *shortfalls,
        ]
    elif figures.expected_further_reads:
        shortfalls.append(
            Reason(
                "expected_further_reads",
                f"about {figures.expected_further_reads} more reads at the present growth",
            )
        )
    return Verdict.KEEP_TESTING, tuple(shortfalls)


def _shortfalls(figures: PromotionFigures, rule: PromotionRule) -> list[Reason]:
    needs = (
        ("reviewed cases", figures.n_reviewed, rule.min_reviewed),
        ("reviewed positives", figures.n_positive, rule.min_positives),
        ("reviewed negatives", figures.n_negative, rule.min_negatives),
    )
    return [
        Reason(code, f"{have} of {need} {what}, {need - have} more are needed")
        for code, (what, have, need) in zip(TOO_FEW, needs, strict=True)
        if have < need
    ]


def _harms(figures: PromotionFigures, rule: PromotionRule) -> tuple[Reason, ...]:
    harms = sorted(
        (
            (figures.e_worse, "worse", "the challenger is less accurate"),
            (figures.e_missing_more, "missing_more", "the challenger misses more positives"),
        ),
        reverse=True,
    )
    combined = f"e = {figures.e_rollback:.3g}, needs {rule.rollback_evidence:g}"
    return tuple(
        Reason(code, f"{sentence}, e = {e:.3g} (with the other claim {combined})")
        for e, code, sentence in harms
        if e >= rule.rollback_evidence
    )


def _doubts(figures: PromotionFigures, rule: PromotionRule) -> list[Reason]:
    """Why a challenger that is not rolled back is not promoted either; empty: it is promoted."""
    doubts: list[Reason] = []
    if figures.e_sample_ratio >= rule.sample_ratio_evidence:
        doubts.append(
            Reason(
                SAMPLE_RATIO,
                f"traffic disagrees with the configured split, e = {figures.e_sample_ratio:.3g}, "
                f"alarm at {rule.sample_ratio_evidence:g}",
            )
        )
    if figures.recent_evidence >= rule.recent_evidence:
        doubts.append(
            Reason(
                RECENT_EVIDENCE,
                f"recent reads speak against the challenger, {figures.recent_evidence:.3g}, "
                f"alarm at {rule.recent_evidence:g}",
            )
        )
    if rule.largest_fall is not None and figures.better_fell >= rule.largest_fall:
        doubts.append(
            Reason(
                "advantage_lost",
                f"the evidence that it is better was {figures.better_fell:.3g} times as strong, "
                f"doubted at {rule.largest_fall:g} times",
            )
        )
    if rule.logs_chances and figures.backlog > rule.largest_backlog:
        doubts.append(
            Reason(
                BACKLOG,
                f"{figures.backlog:.1%} of the drawn disagreements have no truth though they were "
                f"due, {rule.largest_backlog:.0%} may",
            )
        )
    if figures.e_better < rule.promote_evidence:
        doubts.append(
            Reason(
                "not_proven_better",
                f"that it is better has e = {figures.e_better:.3g}, "
                f"needs {rule.promote_evidence:g}",
            )
        )
    if figures.e_not_missing_more < rule.promote_evidence:
        doubts.append(
            Reason(
                "not_proven_safe",
                f"that it misses no more positives has e = {figures.e_not_missing_more:.3g}, "
                f"needs {rule.promote_evidence:g}",
            )
        )
    if isnan(figures.sensitivity_difference):
        doubts.append(Reason("sensitivity_unknown", "no reviewed positives"))
    elif figures.sensitivity_difference < 0:
        doubts.append(
            Reason(
                "sensitivity_lower",
                f"the estimated difference is {figures.sensitivity_difference:+.3f}",
            )
        )
    return doubts
