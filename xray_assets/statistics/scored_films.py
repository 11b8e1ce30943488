"""Labels and scores as every curve needs them: validated once. No statistic belongs here."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def labels_and_scores(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """(N,) truth as booleans and (N,) probabilities as float64.

    Raises ValueError on unequal lengths, labels other than 0/1, or scores outside [0, 1] or NaN.
    """
    truth = np.asarray(labels)
    probability = np.asarray(scores, dtype=np.float64)
    if truth.ndim != 1 or truth.shape != probability.shape:
        raise ValueError(
            f"labels and scores must be equally long vectors: {truth.shape}, {probability.shape}"
        )
    if not np.all((truth == 0) | (truth == 1)):
        raise ValueError("labels must be 0 or 1")
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("scores must be probabilities in [0, 1]; some are outside or NaN")
    return truth == 1, probability
