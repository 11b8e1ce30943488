"""The classical comparison of served accuracies: reported beside the rule, never used by it.

Not valid under repeated looks: looked at after every read it promotes an equal model in about
15 % of experiments.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, exp, inf, lgamma, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOT_VALID = "not valid under repeated looks"


@dataclass(frozen=True)
class ClassicalComparison:
    """Two-sided test of equal accuracy; p is NaN while an arm has no reviewed case.

    accuracy: [champion, challenger]. rule_says: what "p < 0.05, at least 30 a model" would do.
    """

    test: Literal["chi-square", "fisher", "none"]
    statistic: float
    p_value: float
    n: tuple[int, int]
    accuracy: tuple[float, float]
    rule_says: Literal["PROMOTE", "KEEP_TESTING", "ROLLBACK"]
    caveat: str = NOT_VALID


def classical_comparison(
    correct: ArrayLike, *, significance: float = 0.05, min_reviewed: int = 30
) -> ClassicalComparison:
    """Compare [champion, challenger] x [wrong, correct], a (2, 2) integer array of served reads.

    Pearson's chi-square with Yates' continuity correction (scipy's default); Fisher's exact test
    (statistic: odds ratio) where an expected count is below 5. Raises ValueError on another shape
    or negatives.
    """
    given = np.asarray(correct)
    if given.shape != (2, 2) or given.dtype.kind not in "iu" or np.any(given < 0):
        raise ValueError("need a (2, 2) array of counts: [champion, challenger] x [wrong, correct]")
    table = given.astype(np.int64)
    rows = table.sum(axis=1)
    n = (int(rows[0]), int(rows[1]))
    accuracy = tuple(float(table[m, 1] / rows[m]) if rows[m] else nan for m in (0, 1))
    pair = (accuracy[0], accuracy[1])
    if min(n) == 0:
        return ClassicalComparison("none", nan, nan, n, pair, "KEEP_TESTING")
    expected = np.outer(rows, table.sum(axis=0)) / table.sum()
    if expected.min() < 5:
        test, statistic, p_value = "fisher", _odds_ratio(table), _fisher_p(table)
    else:
        gap = np.maximum(np.abs(table - expected) - 0.5, 0.0)
        statistic = float((gap**2 / expected).sum())
        test, p_value = "chi-square", erfc(sqrt(statistic / 2))
    says: Literal["PROMOTE", "KEEP_TESTING", "ROLLBACK"] = "KEEP_TESTING"
    if p_value < significance and min(n) >= min_reviewed:
        says = "PROMOTE" if pair[1] > pair[0] else "ROLLBACK"
    return ClassicalComparison(test, statistic, p_value, n, pair, says)


def _odds_ratio(table: NDArray[np.int64]) -> float:
    """The challenger's odds of being correct over the champion's; NaN for 0 / 0."""
    (champion_wrong, champion_right), (challenger_wrong, challenger_right) = table.tolist()
    above, below = challenger_right * champion_wrong, challenger_wrong * champion_right
    if below == 0:
        return inf if above else nan
    return above / below


def _fisher_p(table: NDArray[np.int64]) -> float:
    """Two-sided Fisher: the chance, margins fixed, of a table no likelier than this one."""
    rows, columns = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    fewest, most = max(0, rows[0] - columns[1]), min(rows[0], columns[0])
    likelihoods = [
        exp(
            _log_choose(columns[0], k)
            + _log_choose(columns[1], rows[0] - k)
            - _log_choose(rows[0] + rows[1], rows[0])
        )
        for k in range(fewest, most + 1)
    ]
    observed = likelihoods[int(table[0, 0]) - fewest] * (1 + 1e-7)
    return min(1.0, sum(p for p in likelihoods if p <= observed))


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
