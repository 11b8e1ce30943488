"""Each model's figures on the reviewed cases, naive and corrected: accuracy, sensitivity,
specificity, precision, F1.

Differences between the models live in `paired_differences`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xray_assets.promotion.counted_evidence import CountedEvidence
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.propensity import Floats
from xray_assets.promotion.rule import PromotionRule
from xray_assets.statistics.intervals import Estimate, weighted_share


@dataclass(frozen=True)
class Share:
    """A share with its interval and the reviewed cases behind it; NaN where there are none."""

    value: float
    low: float
    high: float
    n: float


@dataclass(frozen=True)
class ModelFigures:
    """One model on the reviewed cases.

    naive: as counted. corrected: weighted by 1 / propensity, n the effective number of cases.
    Bounds hold drawn cases without a truth both ways: as hits above, as misses below.
    """

    naive_accuracy: Share
    naive_sensitivity: Share
    naive_specificity: Share
    naive_precision: Share
    naive_f1: Share
    corrected_accuracy: Share
    corrected_sensitivity: Share
    corrected_specificity: Share
    corrected_precision: Share
    corrected_f1: Share


def model_figures(counts: PairedCounts, rule: PromotionRule) -> tuple[ModelFigures, ModelFigures]:
    """(champion, challenger). Wilson's intervals for one look.

    Corrected ones are Hajek's (1971) ratio, sum of w hit / sum of w with w = 1 / propensity, on
    Kish's (1965) effective number of cases (sum w)^2 / sum w^2, an approximation.
    """
    champion, challenger, truth = np.indices((2, 2, 2))
    weights: Floats = 1.0 / CountedEvidence(counts, rule).propensities[..., None]
    one = np.ones_like(weights)
    overdue = np.zeros(counts.scored.shape) if counts.overdue is None else counts.overdue
    unread = overdue[..., None]  # in either truth
    every = np.ones((2, 2, 2))

    def figures(answer: Floats) -> ModelFigures:
        right = (answer == truth).astype(np.float64)

        def share(weight: Floats, counted: Floats) -> Share:
            hit, miss = counted * right, counted * (1.0 - right)

            def estimate(hits: Floats, misses: Floats) -> Estimate:
                return _hajek(hits * hit, misses * miss, weight, rule.interval_level)

            cases: Floats = counts.reviewed.astype(np.float64)
            seen = estimate(cases, cases)
            low, high = estimate(cases, cases + unread), estimate(cases + unread, cases)
            return Share(float(seen.value), float(low.low), float(high.high), float(seen.n))

        def of(weight: Floats) -> list[Share]:
            groups = (every, truth * 1.0, 1.0 - truth, answer)
            jaccard = share(weight, np.maximum(answer, truth))
            return [*(share(weight, counted) for counted in groups), _f1(jaccard)]

        return ModelFigures(*of(one), *of(weights))

    return figures(champion.astype(np.float64)), figures(challenger.astype(np.float64))


def _f1(jaccard: Share) -> Share:
    """F1 = 2J / (1 + J), J the share of true positives among the cases that are not true negatives:
    J's bounds, sent through that rising function, are F1's.
    """
    value, low, high = (2 * end / (1 + end) for end in (jaccard.value, jaccard.low, jaccard.high))
    return Share(value, low, high, jaccard.n)


def _hajek(hits: Floats, misses: Floats, weight: Floats, level: float) -> Estimate:
    """The weighted share of hits; hits and misses: (G, 2, 2, 2) cases."""
    hit, total = float((weight * hits).sum()), float((weight * (hits + misses)).sum())
    squares = float((weight**2 * (hits + misses)).sum())
    return weighted_share(hit, total, squares, level=level)
