"""Counts for the promotion rule's tests, and the rule written a second time with plain loops."""

from __future__ import annotations

from itertools import product
from typing import Any

import mpmath
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import ArrayLike

from xray_assets.promotion import PairedCounts

CELLS = list(product((0, 1), repeat=3))
MARGIN = 0.03


def paired(
    reviewed: ArrayLike,
    *,
    unreviewed: ArrayLike | None = None,
    served: ArrayLike = ((50, 50),),
    split: ArrayLike = (0.5,),
    **more: Any,
) -> PairedCounts:
    """Counts with every case reviewed, unless `unreviewed` (G, 2, 2) says how many more waited."""
    array = np.asarray(reviewed, dtype=np.int64)
    scored = array.sum(axis=3)
    if unreviewed is not None:
        scored = scored + np.asarray(unreviewed)
    return PairedCounts(array, scored, np.asarray(served), np.asarray(split), **more)


def one_stratum(cells: dict[tuple[int, int, int], int]) -> np.ndarray:
    """(1, 2, 2, 2) reviewed counts from {(champion label, challenger label, truth): n}."""
    reviewed = np.zeros((1, 2, 2, 2), dtype=np.int64)
    for cell, n in cells.items():
        reviewed[(0, *cell)] = n
    return reviewed


def strata(strata: int, largest: int = 30) -> st.SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    """Reviewed (G, 2, 2, 2) and unreviewed (G, 2, 2) counts."""
    return st.tuples(
        hnp.arrays(np.int64, (strata, 2, 2, 2), elements=st.integers(0, largest)),
        hnp.arrays(np.int64, (strata, 2, 2), elements=st.integers(0, 2 * largest)),
    )


def payoff(claim: str, a: int, b: int, y: int) -> float:
    """z of docs/decision.md, "Evidence", written from its words."""
    if claim in ("better", "worse"):
        if a == b:
            return 0.0
        return (1.0 if b == y else -1.0) * (1.0 if claim == "better" else -1.0)
    if y == 0:
        return 0.0
    if claim == "not_missing_more":
        return {(0, 1): 1 + MARGIN, (1, 0): MARGIN - 1}.get((a, b), MARGIN)
    return {(1, 0): 1.0, (0, 1): -1.0}.get((a, b), 0.0)


def log_e_by_loops(
    claim: str, reviewed: np.ndarray, unreviewed: np.ndarray, propensities: np.ndarray
) -> float:
    """log e, case by case in 40 digits: no vectors, no log space."""
    with mpmath.workdps(40):
        values: list[tuple[Any, int]] = []
        for g, a, b in product(range(len(reviewed)), (0, 1), (0, 1)):
            z = [payoff(claim, a, b, y) for y in (0, 1)]
            guess = z[a] if a == b else mpmath.mpf(z[0] + z[1]) / 2
            p = mpmath.mpf(float(propensities[g, a, b]))
            for y in (0, 1):
                values.append((guess + (z[y] - guess) / p, int(reviewed[g, a, b, y])))
            values.append((mpmath.mpf(guess), int(unreviewed[g, a, b])))
        c = 1 / max(mpmath.mpf(1), *(-x for x, _ in values))
        ratio = (mpmath.mpf("0.9") / mpmath.mpf("0.06")) ** (mpmath.mpf(1) / 11)
        bets = [mpmath.mpf("0.06") * ratio**k for k in range(12)]
        wealth = [mpmath.fprod((1 + bet * c * x) ** n for x, n in values) for bet in bets]
        return float(mpmath.log(sum(wealth) / 12))
