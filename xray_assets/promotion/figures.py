"""Every figure the verdict rests on, from the counts.

The wealth of the bets is `counted_evidence`'s; what the figures mean for the challenger is
`verdict`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, nan

import numpy as np

from xray_assets.promotion.counted_evidence import CountedEvidence
from xray_assets.promotion.counts.checked_arrays import Counts
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.evidence import (
    accuracy_payoff,
    e_value,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.propensity import Floats
from xray_assets.promotion.rule import PromotionRule
from xray_assets.statistics.sample_ratio import log_sample_ratio_evidence


@dataclass(frozen=True, kw_only=True)
class PromotionFigures:
    """What the verdict rests on. e-values are capped at about 1e299.

    e_rollback: the mean of e_worse and e_missing_more.
    recent_evidence: the e-detector, e_rollback restarted at every batch and summed.
    better_fell: e_better at its highest, after any finished batch, over e_better now; at least 1.
    backlog: share of the drawn disagreements that are overdue; 0 where none was drawn.
    sensitivity_difference: corrected, challenger minus champion; NaN without reviewed positives.
    expected_further_reads: to PROMOTE at the evidence's present growth; None when not in sight.
    """

    e_better: float
    e_worse: float
    e_not_missing_more: float
    e_missing_more: float
    e_rollback: float
    e_sample_ratio: float
    recent_evidence: float
    better_fell: float
    backlog: float
    sensitivity_difference: float
    n_scored: int
    n_reviewed: int
    n_positive: int
    n_negative: int
    n_overdue: int
    n_uninterpretable: int
    n_later: int
    expected_further_reads: int | None
    rule_version: str
    rule_sha256: str


def promotion_figures(counts: PairedCounts, rule: PromotionRule) -> PromotionFigures:
    """All figures of docs/decision.md, "Evidence", and the guards of "Verdict".

    Raises ValueError where the rule needs logged chances and the counts hold none.
    """
    evidence = CountedEvidence(counts, rule)
    better = evidence.totals(accuracy_payoff(+1))
    not_missing_more = evidence.totals(not_missing_more_payoff(rule.sensitivity_margin))
    log_worse = float(log_mixture(evidence.totals(accuracy_payoff(-1))))
    log_missing_more = float(log_mixture(evidence.totals(missing_more_payoff())))
    log_rollback = float(np.logaddexp(log_worse, log_missing_more)) - log(2.0)
    negative, positive = counts.reviewed.sum(axis=(0, 1, 2)).tolist()
    return PromotionFigures(
        e_better=e_value(float(log_mixture(better))),
        e_worse=e_value(log_worse),
        e_not_missing_more=e_value(float(log_mixture(not_missing_more))),
        e_missing_more=e_value(log_missing_more),
        e_rollback=e_value(log_rollback),
        e_sample_ratio=e_value(
            log_sample_ratio_evidence(counts.served, counts.split, rule.sample_ratio_pseudo_counts)
        ),
        recent_evidence=e_value(evidence.log_recent()),
        better_fell=e_value(evidence.log_fall_of_better()),
        backlog=_backlog(counts),
        sensitivity_difference=_sensitivity_difference(counts.reviewed, evidence.propensities),
        n_scored=counts.n_scored,
        n_reviewed=negative + positive,
        n_positive=positive,
        n_negative=negative,
        n_overdue=_sum(counts.overdue),
        n_uninterpretable=_sum(counts.uninterpretable),
        n_later=counts.n_later,
        expected_further_reads=_further_reads(
            (better, not_missing_more), negative + positive, rule.promote_evidence
        ),
        rule_version=rule.version,
        rule_sha256=rule.sha256,
    )


def _backlog(counts: PairedCounts) -> float:
    """Overdue over drawn disagreements; uninterpretable ones have left the experiment."""
    if counts.overdue is None:
        return 0.0
    drawn = counts.reviewed.sum(axis=3) + counts.overdue
    of_disagreements = _in_disagreements(drawn)
    return _in_disagreements(counts.overdue) / of_disagreements if of_disagreements else 0.0


def _in_disagreements(cells: Counts) -> int:
    return int(cells[:, 0, 1].sum() + cells[:, 1, 0].sum())


def _sum(cells: Counts | None) -> int:
    return 0 if cells is None else int(cells.sum())


def _sensitivity_difference(reviewed: Counts, propensities: Floats) -> float:
    positives = reviewed[..., 1] / propensities
    total = float(positives.sum())
    if total == 0.0:
        return nan
    return float(positives[:, 0, 1].sum() - positives[:, 1, 0].sum()) / total


def _further_reads(
    claims: tuple[Floats, ...], n_reviewed: int, evidence_needed: float
) -> int | None:
    """Reads until the slowest claim is proven if its best bet keeps growing as it did so far."""
    needed = 0
    for totals in claims:
        missing = log(evidence_needed) - float(log_mixture(totals))
        if missing <= 0.0:
            continue
        best = float(totals.max())
        if best <= 0.0:
            return None
        needed = max(needed, ceil(missing * n_reviewed / best))
    return needed
