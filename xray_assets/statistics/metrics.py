"""From confusion counts to accuracy, sensitivity, specificity, precision and F1 with intervals.

Curves over thresholds live in `roc`, probabilities in `calibration`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.statistics.intervals import Estimate, Floats, wilson


@dataclass(frozen=True, eq=False)
class ConfusionMetrics:
    """Figures of one or many confusion matrices; each estimate has the shape of the counts."""

    accuracy: Estimate
    sensitivity: Estimate
    specificity: Estimate
    precision: Estimate
    f1: Estimate

    def flat(self) -> dict[str, Floats]:
        """Fifteen columns: each figure as name, name_low, name_high."""
        columns: dict[str, Floats] = {}
        for name, estimate in vars(self).items():
            columns.update(estimate.flat(name))
        return columns


def confusion_metrics(
    tp: ArrayLike, fp: ArrayLike, tn: ArrayLike, fn: ArrayLike, *, level: float = 0.95
) -> ConfusionMetrics:
    """Metrics with intervals for integer counts of any common shape.

    Wilson's interval everywhere; undefined figures (denominator 0) are NaN. F1 comes from J =
    tp / (tp + fp + fn), a proportion of the cases that are not true negatives (`f1_of`).
    Raises ValueError on negative counts.
    """
    tp_, fp_, tn_, fn_ = np.broadcast_arrays(*(_counts(part) for part in (tp, fp, tn, fn)))
    jaccard = wilson(tp_, tp_ + fp_ + fn_, level=level)
    return ConfusionMetrics(
        accuracy=wilson(tp_ + tn_, tp_ + fp_ + tn_ + fn_, level=level),
        sensitivity=wilson(tp_, tp_ + fn_, level=level),
        specificity=wilson(tn_, tn_ + fp_, level=level),
        precision=wilson(tp_, tp_ + fp_, level=level),
        f1=Estimate(
            value=f1_of(jaccard.value),
            low=f1_of(jaccard.low),
            high=f1_of(jaccard.high),
            n=jaccard.n,
        ),
    )


def confusion_counts(labels: ArrayLike, predicted: ArrayLike) -> dict[str, int]:
    """{"tp", "fp", "tn", "fn"} of 0/1 labels and 0/1 predictions, both (N,). Raises ValueError."""
    truth, answer = np.asarray(labels), np.asarray(predicted)
    if truth.shape != answer.shape or truth.ndim != 1:
        raise ValueError(
            f"labels and predictions must be equally long vectors: {truth.shape}, {answer.shape}"
        )
    for name, values in (("labels", truth), ("predictions", answer)):
        if not np.all((values == 0) | (values == 1)):
            raise ValueError(f"{name} must be 0 or 1")
    positive, flagged = truth == 1, answer == 1
    return {
        "tp": int(np.sum(positive & flagged)),
        "fp": int(np.sum(~positive & flagged)),
        "tn": int(np.sum(~positive & ~flagged)),
        "fn": int(np.sum(positive & ~flagged)),
    }


def _counts(value: ArrayLike) -> NDArray[np.int64]:
    array = np.asarray(value)
    if array.dtype.kind not in "iu" and array.size:
        raise ValueError(f"confusion counts must be integers, got dtype {array.dtype}")
    if np.any(array < 0):
        raise ValueError("confusion counts cannot be negative")
    return array.astype(np.int64)


def f1_of(jaccard: Floats) -> Floats:
    """F1 = 2J / (1 + J), increasing in J = tp / (tp + fp + fn): J's bounds go through it too."""
    f1: Floats = 2 * jaccard / (1 + jaccard)
    return f1
