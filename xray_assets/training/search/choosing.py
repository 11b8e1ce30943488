"""Which of the finalists is taken: the simplest within one standard error of the best. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_assets.training.families.network import Array
from xray_assets.training.search.space import Choices


@dataclass(frozen=True, eq=False)
class Finalist:
    """Choices of a family with the out-of-fold log odds, (N,), that they came to.

    `loss` is their mean cross-entropy, `error` its standard error over patients. `parameters`
    counts the numbers that are learned: how simple it is. `seed`: of folds and training.
    """

    family: str
    choices: Choices
    parameters: int
    logits: Array
    loss: float
    error: float
    seed: int = 0


def simplest_within_one_error(finalists: Sequence[Finalist]) -> Finalist:
    """The one with the fewest parameters among those whose loss is at most the lowest one's plus
    its standard error (Breiman et al. 1984, 3.4.3); of equals, the better one.
    """
    best = min(finalists, key=lambda one: one.loss)
    near = [one for one in finalists if one.loss <= best.loss + best.error]
    return min(near, key=lambda one: (one.parameters, one.loss))


def loss_and_error(
    logits: Array, labels: Array, patients: NDArray[np.generic]
) -> tuple[float, float]:
    """Mean cross-entropy of (N,) log odds, and its standard error with patients as the units: films
    of one patient are alike, so they are no new evidence.
    """
    z = logits.astype(np.float64)
    losses = np.logaddexp(0, z) - labels * z
    mean, units = float(losses.mean()), np.unique(patients, return_inverse=True)[1]
    by_patient = np.bincount(units, weights=losses - mean)
    count = len(by_patient)
    spread = float(by_patient @ by_patient) * count / max(count - 1, 1)
    return mean, float(np.sqrt(spread)) / len(losses)
