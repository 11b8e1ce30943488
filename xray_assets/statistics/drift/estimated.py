"""Performance and prevalence without truth, from a model's own probabilities. Shown, never acting:
each rests on calibration or on label shift alone, which is what a change of the films breaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike

from xray_assets.statistics.intervals import Floats
from xray_assets.statistics.scored_films import labels_and_scores

APART = 0.05
"""BBSE and SLD further apart than this are not explained by another prevalence."""

_MOST_STEPS, _CLOSE_ENOUGH = 1000, 1e-8


@dataclass(frozen=True)
class Confident:
    """Expected figures of a window, each a share; NaN where nothing of the kind is expected."""

    accuracy: float
    sensitivity: float
    specificity: float


@dataclass(frozen=True)
class Prevalence:
    """Share of positives, by two ways; NaN where one cannot be computed.

    black_box: clipped to [0, 1]. clipped: it was outside, so labels alone did not shift.
    """

    black_box: float
    clipped: bool
    maximum_likelihood: float

    @property
    def is_label_shift(self) -> bool:
        """Whether another prevalence alone explains the scores; False where it is not known."""
        return not self.clipped and abs(self.black_box - self.maximum_likelihood) <= APART


def confidence_based(labels: ArrayLike, probabilities: ArrayLike) -> Confident:
    """Confidence-based performance estimation: each of (N,) films counts as positive by its
    probability, and is right where that agrees with its 0/1 label. Unbiased while the probabilities
    are calibrated, which a change of the films ends. Raises ValueError on bad input.
    """
    called, p = labels_and_scores(labels, probabilities)
    tp, tn = float(p[called].sum()), float((1 - p)[~called].sum())
    positive = float(p.sum())
    return Confident(
        accuracy=_share(tp + tn, len(p)),
        sensitivity=_share(tp, positive),
        specificity=_share(tn, len(p) - positive),
    )


def prevalence(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    sensitivity: float,
    specificity: float,
    known_prevalence: float,
) -> Prevalence:
    """Share of positives of (N,) films, from 0/1 labels and probabilities, if labels alone shifted.

    sensitivity, specificity: of those labels, on the baseline. known_prevalence: of the films that
    the probabilities were calibrated on. Raises ValueError on bad input.
    """
    called, p = labels_and_scores(labels, probabilities)
    share = float(called.mean()) if len(p) else nan
    solved = black_box_shift(share, sensitivity, specificity)
    return Prevalence(
        black_box=float(np.clip(solved, 0, 1)),
        clipped=bool(solved < 0 or solved > 1),
        maximum_likelihood=maximum_likelihood(p, known_prevalence),
    )


def black_box_shift(share_positive: float, sensitivity: float, specificity: float) -> float:
    """(share - false rate) / (sensitivity - false rate) (Lipton, Wang & Smola 2018), not clipped;
    NaN where the labels tell nothing (sensitivity is not above the false rate).
    """
    false_rate = 1 - specificity
    informed = sensitivity > false_rate
    return (share_positive - false_rate) / (sensitivity - false_rate) if informed else nan


def maximum_likelihood(probabilities: Floats, known_prevalence: float) -> float:
    """Prevalence by expectation maximization over (N,) probabilities that hold at a known one
    (Saerens, Latinne & Decaestecker 2002); NaN without films or where the known one is 0 or 1.
    """
    if not len(probabilities) or not 0 < known_prevalence < 1:
        return nan
    now = known_prevalence
    for _ in range(_MOST_STEPS):
        positive = probabilities * (now / known_prevalence)
        negative = (1 - probabilities) * ((1 - now) / (1 - known_prevalence))
        before, now = now, float(np.mean(positive / (positive + negative)))
        if abs(now - before) < _CLOSE_ENOUGH:
            break
    return now


def _share(part: float, whole: float) -> float:
    return part / whole if whole else nan
