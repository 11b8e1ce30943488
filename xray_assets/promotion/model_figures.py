"""Each model's accuracy, sensitivity and specificity on the reviewed cases, naive and corrected.

Differences between the models live in `paired_differences`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xray_assets.promotion.figures import propensities_of
from xray_assets.promotion.paired_counts import PairedCounts
from xray_assets.promotion.propensity import Floats
from xray_assets.statistics.intervals import wilson


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
    """

    naive_accuracy: Share
    naive_sensitivity: Share
    naive_specificity: Share
    corrected_accuracy: Share
    corrected_sensitivity: Share
    corrected_specificity: Share


def model_figures(counts: PairedCounts, level: float) -> tuple[ModelFigures, ModelFigures]:
    """(champion, challenger). Wilson's intervals for one look.

    Corrected ones use Kish's effective number of cases (sum w)^2 / sum w^2, an approximation.
    """
    champion, challenger, truth = np.indices((2, 2, 2))
    weights: Floats = 1.0 / propensities_of(counts)[..., None]
    cases: Floats = counts.reviewed.astype(np.float64)
    every = np.ones((2, 2, 2))

    def figures(answer: Floats) -> ModelFigures:
        right = (answer == truth).astype(np.float64)

        def share(weight: Floats, counted: Floats) -> Share:
            total = float((cases * weight * counted).sum())
            squares = float((cases * weight**2 * counted).sum())
            effective = total * total / squares if squares else 0.0
            hits = float((cases * weight * counted * right).sum())
            estimate = wilson(
                min(hits / total, 1.0) * effective if total else 0.0, effective, level=level
            )
            return Share(
                float(estimate.value), float(estimate.low), float(estimate.high), effective
            )

        one = np.ones_like(weights)
        return ModelFigures(
            *(share(w, c) for w in (one, weights) for c in (every, truth * 1.0, 1.0 - truth))
        )

    return figures(champion.astype(np.float64)), figures(challenger.astype(np.float64))
