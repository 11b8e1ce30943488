"""Every figure the verdict rests on, from the counts.

Payoffs and mixtures live in `evidence`; what the figures mean for the challenger in `verdict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, nan

import numpy as np

from xray_assets.promotion.evidence import (
    Payoff,
    accuracy_payoff,
    e_value,
    log_bet_totals,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.paired_counts import Counts, PairedCounts
from xray_assets.promotion.propensity import Floats, review_propensities
from xray_assets.promotion.rule import PromotionRule
from xray_assets.statistics.sample_ratio import log_sample_ratio_evidence


@dataclass(frozen=True, kw_only=True)
class PromotionFigures:
    """What the verdict rests on. e-values are capped at about 1e299.

    e_rollback: the mean of e_worse and e_missing_more.
    recent_evidence: the e-detector, e_rollback restarted at every batch and summed.
    better_fell: e_better at its highest, after any finished batch, over e_better now; at least 1.
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
    sensitivity_difference: float
    n_scored: int
    n_reviewed: int
    n_positive: int
    n_negative: int
    expected_further_reads: int | None
    rule_version: str
    rule_sha256: str


def promotion_figures(counts: PairedCounts, rule: PromotionRule) -> PromotionFigures:
    """All figures of docs/decision.md, "Evidence", and the guards of "Verdict"."""
    propensities = propensities_of(counts)
    unreviewed = counts.scored - counts.reviewed.sum(axis=3)

    def totals(payoff: Payoff) -> Floats:
        return log_bet_totals(
            counts.reviewed, propensities, payoff, rule.bets, unreviewed=unreviewed
        )

    better = totals(accuracy_payoff(+1))
    not_missing_more = totals(not_missing_more_payoff(rule.sensitivity_margin))
    log_worse = float(log_mixture(totals(accuracy_payoff(-1))))
    log_missing_more = float(log_mixture(totals(missing_more_payoff())))
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
        recent_evidence=e_value(_log_recent_evidence(counts, propensities, rule)),
        better_fell=e_value(_log_fall_of_better(counts, propensities, rule)),
        sensitivity_difference=_sensitivity_difference(counts.reviewed, propensities),
        n_scored=counts.n_scored,
        n_reviewed=negative + positive,
        n_positive=positive,
        n_negative=negative,
        expected_further_reads=_further_reads(
            (better, not_missing_more), negative + positive, rule.promote_evidence
        ),
        rule_version=rule.version,
        rule_sha256=rule.sha256,
    )


def propensities_of(counts: PairedCounts) -> Floats:
    """(G, 2, 2) chance of review of each cell: logged where it was, else estimated."""
    if counts.propensities is not None:
        return counts.propensities
    return review_propensities(counts.reviewed.sum(axis=3), counts.scored)


def _log_recent_evidence(counts: PairedCounts, propensities: Floats, rule: PromotionRule) -> float:
    """log of the e-detector: the rollback e-value restarted at every batch, summed.

    Reviewed cases only: which unreviewed ones belong to a batch is not known.
    """
    since = _reviewed_since_each_restart(counts)
    log_worse, log_missing_more = (
        log_mixture(log_bet_totals(since, propensities, payoff, rule.bets))
        for payoff in (accuracy_payoff(-1), missing_more_payoff())
    )
    return float(np.logaddexp.reduce(np.logaddexp(log_worse, log_missing_more))) - log(2.0)


def _log_fall_of_better(counts: PairedCounts, propensities: Floats, rule: PromotionRule) -> float:
    """How far log e_better lies below its highest value after a finished batch; at least 0.

    Were the challenger as good as the bets that had won until then say, 1 / e would be a
    martingale from there on, and a fall by K have a chance of at most 1 / K (Ville). Reviewed cases
    only, as in `_log_recent_evidence`.
    """
    finished = (
        counts.reviewed[None][:0] if counts.batches is None else np.cumsum(counts.batches, axis=0)
    )
    log_better = log_mixture(
        log_bet_totals(
            np.concatenate([finished, counts.reviewed[None]]),
            propensities,
            accuracy_payoff(+1),
            rule.bets,
        )
    )
    return float(log_better.max() - log_better[-1])


def _reviewed_since_each_restart(counts: PairedCounts) -> Counts:
    """(R, G, 2, 2, 2) reviewed counts since restart r; row 0 is everything.

    Cases that no batch holds are the newest, unfinished batch.
    """
    everything = counts.reviewed[None]
    if counts.batches is None or len(counts.batches) == 0:
        return everything
    before = np.cumsum(counts.batches, axis=0)
    later = everything - before
    if not later[-1].any():
        later = later[:-1]
    return np.concatenate([everything, later])


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
