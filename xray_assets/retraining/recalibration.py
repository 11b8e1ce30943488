"""A new operating point for the champion's own network: scale and shift of its log odds, and a
threshold, from new reads. Mends what only moved the scores; where ranks broke it cannot. Pure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.roc import area_under_curve
from xray_assets.training.evaluation import LogitCalibration, calibrated, operating_threshold
from xray_assets.training.fitting import sigmoid
from xray_assets.training.weighted import drawn_by_weight

LEAST_READS, LARGEST_LOSS_OF_RANK, LEAST_GAIN = 50, 0.05, 0.02


@dataclass(frozen=True)
class Recalibration:
    """z becomes scale * z + shift, and a film is positive from `threshold` on."""

    calibration: LogitCalibration
    threshold: float


def log_odds(probabilities: NDArray[np.floating]) -> NDArray[np.float32]:
    """Of (N,) probabilities, bounded."""
    p = np.clip(probabilities.astype(np.float64), 1e-7, 1 - 1e-7)
    return np.log(p / (1 - p)).astype(np.float32)


def fitted(
    z: NDArray[np.float32], labels: NDArray[np.float32], weights: NDArray[np.float64]
) -> Recalibration:
    """From (N,) log odds, truths and weights of new reads of both classes."""
    drawn = drawn_by_weight(weights, len(z))
    calibration = calibrated(z[drawn], labels[drawn])
    return Recalibration(
        calibration, operating_threshold(labels[drawn], calibration.applied(z[drawn]))
    )


def why_not(
    z: NDArray[np.float32],
    labels: NDArray[np.float32],
    weights: NDArray[np.float64],
    *,
    threshold: float,
    usual_auc: float,
) -> str:
    """Why a recalibration is not tried, a code; "" where it promises something.

    too_few_reads; ranks_broken: the AUC on the new reads is below the usual by more than
    LARGEST_LOSS_OF_RANK; no_gain: what is fitted on one half of the reads does not raise the mean
    of sensitivity and specificity on the other by LEAST_GAIN.
    """
    halves = np.arange(len(z)) % 2
    enough = all(
        min((labels[halves == half] == truth).sum() for truth in (0, 1)) >= 5 for half in (0, 1)
    )
    if len(z) < LEAST_READS or not enough:
        return "too_few_reads"
    if area_under_curve(labels, sigmoid(z)).value < usual_auc - LARGEST_LOSS_OF_RANK:
        return "ranks_broken"
    gains = []
    for half in (0, 1):
        fit, held = halves != half, halves == half
        found = fitted(z[fit], labels[fit], weights[fit])
        after = found.calibration.applied(z[held]) >= found.threshold
        before = z[held] >= np.log(threshold / (1 - threshold))
        gains.append(
            _balanced(after, labels[held], weights[held])
            - _balanced(before, labels[held], weights[held])
        )
    return "" if np.mean(gains) >= LEAST_GAIN else "no_gain"


def _balanced(
    positive: NDArray[np.bool_], labels: NDArray[np.float32], weights: NDArray[np.float64]
) -> float:
    """Mean of weighted sensitivity and specificity."""
    shares = [
        np.average(positive[labels == truth] == truth, weights=weights[labels == truth])
        for truth in (0, 1)
    ]
    return float(np.mean(shares))
