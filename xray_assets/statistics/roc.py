"""ROC curve, and the area under it with DeLong's interval. No choice of threshold belongs here."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from xray_assets.statistics.intervals import Floats, normal_quantile, wilson
from xray_assets.statistics.scored_films import labels_and_scores


@dataclass(frozen=True)
class AreaUnderCurve:
    """AUC with its interval; NaN where a class is missing."""

    value: float
    low: float
    high: float
    standard_error: float
    n_positive: int
    n_negative: int


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Points from (0, 0) to (1, 1); a case is positive when its score >= threshold. All (M,)."""

    thresholds: Floats
    false_positive_rate: Floats
    sensitivity: Floats


def area_under_curve(
    labels: ArrayLike, scores: ArrayLike, *, level: float = 0.95
) -> AreaUnderCurve:
    """AUC of (N,) labels and scores, as `area_under_counts`. Raises ValueError on bad labels or
    scores.
    """
    positive, score = labels_and_scores(labels, scores)
    values, place = np.unique(score, return_inverse=True)
    counts = [
        np.bincount(place[of_class], minlength=len(values)) for of_class in (~positive, positive)
    ]
    return area_under_counts(*counts, level=level)


def area_under_counts(
    negatives: ArrayLike, positives: ArrayLike, *, level: float = 0.95
) -> AreaUnderCurve:
    """AUC (ties count half) with DeLong's standard error (DeLong 1988; Sun & Xu 2014).

    negatives, positives: (B,) cases of each class by score, scores rising; cases of one place tie.
    The interval is symmetric on the logit scale, so it stays inside (0, 1). DeLong's error is 0
    when the classes separate fully (AUC 0 or 1) or a class has one case: then the bounds are
    Wilson's for a proportion of min(n_positive, n_negative) cases, which is conservative.
    """
    negative, positive = (np.asarray(part, dtype=np.int64) for part in (negatives, positives))
    m, n = int(positive.sum()), int(negative.sum())
    if m == 0 or n == 0:
        return AreaUnderCurve(nan, nan, nan, nan, m, n)
    above_negatives = (np.cumsum(negative) - negative / 2) / n
    below_positives = 1.0 - (np.cumsum(positive) - positive / 2) / m
    auc = float(positive @ above_negatives) / m
    if m > 1 and n > 1:
        error = sqrt(
            float(positive @ (above_negatives - auc) ** 2) / (m - 1) / m
            + float(negative @ (below_positives - auc) ** 2) / (n - 1) / n
        )
        if error > 0 and 0 < auc < 1:
            low, high = _logit_interval(auc, error, level)
            return AreaUnderCurve(auc, low, high, error, m, n)
    smallest = min(m, n)
    bounds = wilson(auc * smallest, smallest, level=level)
    return AreaUnderCurve(auc, float(bounds.low), float(bounds.high), nan, m, n)


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """Every distinct operating point. Raises ValueError when a class is missing."""
    positive, score = labels_and_scores(labels, scores)
    if positive.all() or not positive.any():
        raise ValueError("a ROC curve needs at least one positive and one negative case")
    order = np.argsort(-score, kind="stable")
    ordered, hit = score[order], positive[order]
    last_of_ties = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    true_positives = np.cumsum(hit)[last_of_ties]
    flagged = last_of_ties + 1
    return RocCurve(
        thresholds=np.concatenate([[np.inf], ordered[last_of_ties]]),
        false_positive_rate=np.concatenate([[0.0], (flagged - true_positives) / (~hit).sum()]),
        sensitivity=np.concatenate([[0.0], true_positives / hit.sum()]),
    )


def _logit_interval(auc: float, error: float, level: float) -> tuple[float, float]:
    centre = np.log(auc / (1 - auc))
    half = normal_quantile(level) * error / (auc * (1 - auc))
    low, high = 1 / (1 + np.exp(-(centre - half))), 1 / (1 + np.exp(-(centre + half)))
    return float(low), float(high)
