"""Net benefit over threshold probabilities: the decision curve of Vickers & Elkin (2006, Medical
Decision Making 26:565).

Whoever treats from a probability pt on holds a false alarm to be worth pt / (1 - pt) of a found
pneumonia. Net benefit counts pneumonias found a film, less false alarms at that rate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from xray_assets.statistics.intervals import Estimate, Floats, linear_combination


def net_benefit(
    sensitivity: Estimate, specificity: Estimate, *, prevalence: float, thresholds: ArrayLike
) -> Estimate:
    """pi se - (1 - pi) (1 - sp) pt / (1 - pt), with the interval of the two figures.

    sensitivity, specificity: of one operating point, or (T,) of the points at each of the (T,)
    threshold probabilities. Raises ValueError for thresholds outside (0, 1) and a prevalence
    outside [0, 1].
    """
    harm = _harm(prevalence, thresholds)
    return linear_combination(-harm, (prevalence, sensitivity), (harm, specificity))


def treat_all(*, prevalence: float, thresholds: ArrayLike) -> Floats:
    """Net benefit of treating everybody: pi - (1 - pi) pt / (1 - pt), 0 at pt = pi; of treating
    nobody it is 0. Raises as `net_benefit`.
    """
    return np.asarray(prevalence - _harm(prevalence, thresholds), dtype=np.float64)


def _harm(prevalence: float, thresholds: ArrayLike) -> Floats:
    """What false alarms take away where everybody without pneumonia is treated."""
    at = np.asarray(thresholds, dtype=np.float64)
    if not np.all((at > 0) & (at < 1)):
        raise ValueError("threshold probabilities must lie in (0, 1)")
    if not 0 <= prevalence <= 1:
        raise ValueError(f"prevalence must lie in [0, 1], got {prevalence}")
    return np.asarray((1 - prevalence) * at / (1 - at), dtype=np.float64)
