"""Operating point from out-of-fold scores, figures from the test films, and the gates.

Pure functions of labels and probabilities; no framework, no MLflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.calibration import Calibration, calibration
from xray_assets.statistics.metrics import ConfusionMetrics, confusion_counts, confusion_metrics
from xray_assets.statistics.roc import AreaUnderCurve, area_under_curve
from xray_assets.training.fitting import sigmoid

SCALE_PRIOR = 30.0
"""How firmly the scale is held at 1. A hundred films, nearly all on their side, would
send it anywhere (measured: a free temperature raised ECE and loss); thousands override this."""

AIM_SENSITIVITY, AIM_SPECIFICITY = 0.95, 0.92
"""What the operating point aims at: a missed pneumonia costs more than a false alarm."""

BANDWIDTH = 0.2
"""Smoothing of the scores, in spreads of their log odds: no film moves the threshold."""


@dataclass(frozen=True)
class LogitCalibration:
    """Log odds z become scale * z + shift."""

    scale: float
    shift: float

    def applied(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N,) calibrated probabilities of (N,) log odds."""
        return sigmoid(self.scale * logits.astype(np.float64) + self.shift)


def calibrated(logits: NDArray[np.float32], labels: NDArray[np.float32]) -> LogitCalibration:
    """Platt's calibration of (N,) log odds of films that were not learned from, with a Gaussian
    prior of the scale at 1.

    Newton's method on a convex loss, with bounded steps. Platt 1999; Guo et al. 2017.
    """
    z, at = logits.astype(np.float64), np.array([1.0, 0.0])
    design = np.stack([z, np.ones_like(z)])
    for _ in range(100):
        probability = sigmoid(at[0] * z + at[1])
        weight = probability * (1 - probability) + 1e-9
        gradient = design @ (probability - labels)
        gradient[0] += SCALE_PRIOR * (at[0] - 1)
        curvature = (design * weight) @ design.T
        curvature[0, 0] += SCALE_PRIOR
        step = np.clip(np.linalg.solve(curvature, gradient), -0.5, 0.5)
        at -= step
        if np.abs(step).max() < 1e-9:
            break
    return LogitCalibration(max(float(at[0]), 0.05), float(np.clip(at[1], -8, 8)))


def operating_threshold(labels: NDArray[np.float32], probabilities: NDArray[Any]) -> float:
    """Threshold inside (0, 1) from (N,) labels and probabilities of films not learned from.

    The one at which sensitivity and specificity, smoothed over the log odds, exceed their aims by
    the same margin: so a network that falls short of them falls short of both alike, and never
    calls everything by one name.
    """
    p = np.clip(probabilities.astype(np.float64), 1e-6, 1 - 1e-6)
    z = np.log(p / (1 - p))
    candidates = np.linspace(z.min(), z.max(), 801)
    above = sigmoid((z[None] - candidates[:, None]) / max(BANDWIDTH * float(z.std()), 1e-6))
    sensitivity, specificity = above[:, labels == 1].mean(1), 1 - above[:, labels == 0].mean(1)
    margin = np.minimum(sensitivity - AIM_SENSITIVITY, specificity - AIM_SPECIFICITY)
    best = int(np.argmax(margin))
    return float(sigmoid(candidates[best : best + 1])[0])


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures of one network on one set of films at its threshold."""

    threshold: float
    auc: AreaUnderCurve
    counts: Mapping[str, int]
    metrics: ConfusionMetrics
    calibration: Calibration

    def figures(self) -> dict[str, float]:
        """Flat numbers: each figure as name, name_low, name_high (95 %), and ece, brier."""
        flat = {"auc": self.auc.value, "auc_low": self.auc.low, "auc_high": self.auc.high}
        for name in ("sensitivity", "specificity", "accuracy"):
            flat |= {key: float(v) for key, v in getattr(self.metrics, name).flat(name).items()}
        flat["ece"] = self.calibration.expected_calibration_error
        flat["brier"] = self.calibration.brier_score
        return {key: value for key, value in flat.items() if np.isfinite(value)}


def evaluate(
    labels: NDArray[np.float32], probabilities: NDArray[Any], threshold: float
) -> Evaluation:
    """Judge (N,) probabilities at the threshold; positive means probability >= threshold."""
    counts = confusion_counts(labels, (probabilities >= threshold).astype(int))
    return Evaluation(
        threshold=threshold,
        auc=area_under_curve(labels, probabilities),
        counts=counts,
        metrics=confusion_metrics(counts["tp"], counts["fp"], counts["tn"], counts["fn"]),
        calibration=calibration(labels, probabilities),
    )
