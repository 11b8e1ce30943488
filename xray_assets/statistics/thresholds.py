"""Choosing an operating threshold on validation films, and never on the films it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from xray_assets.statistics.roc import roc_curve


class ThresholdMethod(StrEnum):
    """How a threshold is chosen."""

    YOUDEN = "youden"
    SENSITIVITY = "sensitivity"


@dataclass(frozen=True)
class ThresholdChoice:
    """A threshold (positive when score >= threshold) and what it reaches on the films it saw."""

    threshold: float
    sensitivity: float
    specificity: float
    method: ThresholdMethod


def choose_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    method: ThresholdMethod = ThresholdMethod.YOUDEN,
    sensitivity_target: float = 0.95,
) -> ThresholdChoice:
    """The threshold for (N,) labels and scores.

    youden: the largest sensitivity + specificity; of equals the one with more sensitivity, since a
    missed pneumonia costs more. sensitivity: the highest threshold that reaches the target, so the
    most specific one. The threshold lies halfway to the next lower score, so that a score's
    rounding does not flip an answer. Raises ValueError when a class is missing or the target lies
    outside (0, 1].
    """
    method = ThresholdMethod(method)
    if not 0 < sensitivity_target <= 1:
        raise ValueError(f"sensitivity_target must lie in (0, 1], got {sensitivity_target}")
    curve = roc_curve(labels, scores)
    specificity = 1.0 - curve.false_positive_rate
    if method is ThresholdMethod.YOUDEN:
        youden = np.round(curve.sensitivity + specificity, 12)
        at = int(np.flatnonzero(youden == youden.max())[-1])
        at = max(at, 1)  # the point at infinity flags nothing: never an operating point
    else:
        at = int(np.flatnonzero(curve.sensitivity >= sensitivity_target - 1e-12)[0])
    next_lower = curve.thresholds[at + 1] if at + 1 < len(curve.thresholds) else 0.0
    return ThresholdChoice(
        threshold=float((curve.thresholds[at] + next_lower) / 2),
        sensitivity=float(curve.sensitivity[at]),
        specificity=float(specificity[at]),
        method=method,
    )
