"""How far readers agree. Who counts as a reader and which answer is the latest: not here."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Agreement:
    """Agreement of paired answers: share and Cohen's kappa, NaN where undefined."""

    n: int
    percent_agreement: float
    kappa: float


def cohens_kappa(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's kappa (1960); NaN for no pairs or when chance agreement is 1 (one answer only)."""
    return agreement(first, second).kappa


def agreement(first: ArrayLike, second: ArrayLike) -> Agreement:
    """Agreement of two readers' answers on the same cases, (N,) of any one comparable type."""
    observed, expected, n = _observed_and_expected(first, second)
    if n == 0:
        return Agreement(0, nan, nan)
    return Agreement(n, observed, (observed - expected) / (1 - expected) if expected < 1 else nan)


def reader_agreement(cases: ArrayLike, readers: ArrayLike, answers: ArrayLike) -> Agreement:
    """Agreement over all pairs of readers who answered the same case.

    cases, readers, answers: (R,) one row a read, at most one a (case, reader); ValueError if not.
    kappa is pooled over pairs of readers, weighted by their common cases:
    sum n (observed - expected) / sum n (1 - expected). n counts pairs of answers.
    """
    case, reader, answer = np.asarray(cases), np.asarray(readers), np.asarray(answers)
    if not case.shape == reader.shape == answer.shape or case.ndim != 1:
        raise ValueError("cases, readers and answers must be equally long vectors")
    names = np.unique(reader)
    reads = {name: _by_case(case[reader == name], answer[reader == name]) for name in names}
    total = equal = above_chance = possible = 0.0
    for i, one in enumerate(names):
        for other in names[i + 1 :]:
            common, left, right = np.intersect1d(
                reads[one][0], reads[other][0], assume_unique=True, return_indices=True
            )
            if len(common) == 0:
                continue
            observed, expected, n = _observed_and_expected(
                reads[one][1][left], reads[other][1][right]
            )
            total += n
            equal += n * observed
            above_chance += n * (observed - expected)
            possible += n * (1 - expected)
    if total == 0:
        return Agreement(0, nan, nan)
    return Agreement(int(total), equal / total, above_chance / possible if possible > 0 else nan)


def _by_case(case: NDArray[Any], answer: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    if len(np.unique(case)) != len(case):
        raise ValueError("a reader has two answers for one case: keep the latest only")
    return case, answer


def _observed_and_expected(first: ArrayLike, second: ArrayLike) -> tuple[float, float, int]:
    one, other = np.asarray(first), np.asarray(second)
    if one.shape != other.shape or one.ndim != 1:
        raise ValueError(f"answers must be equally long vectors: {one.shape}, {other.shape}")
    n = len(one)
    if n == 0:
        return nan, nan, 0
    categories, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    share_one = np.bincount(codes[:n], minlength=len(categories)) / n
    share_other = np.bincount(codes[n:], minlength=len(categories)) / n
    equal: NDArray[np.bool_] = codes[:n] == codes[n:]
    return float(equal.mean()), float(share_one @ share_other), n
