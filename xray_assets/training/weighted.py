"""Films of unequal weight in a method that knows equal ones: each is drawn as often as it weighs.

So every family that learns in steps learns from weighted films, and loss, calibration and threshold
of the validation films are those of the population that the weights stand for.
"""

import numpy as np
from numpy.typing import NDArray


def drawn_by_weight(
    weights: NDArray[np.float64], count: int, *, start: float = 0.5
) -> NDArray[np.intp]:
    """`count` indices of (N,) weights, each as often as its share, to within one: systematic
    sampling (Madow & Madow 1944) from `start` in [0, 1). Raises ValueError without a weight > 0.

    In an order that is always the same and has no period: films that come by turns are not.
    """
    if np.any(weights < 0) or not weights.sum() > 0:
        raise ValueError("weights must be at least 0, and some above")
    order = np.random.default_rng(0).permutation(len(weights))
    reached = np.cumsum(weights[order])
    steps = (np.arange(count) + start) / count * reached[-1]
    places = np.minimum(np.searchsorted(reached, steps, side="right"), len(reached) - 1)
    return order[places]
