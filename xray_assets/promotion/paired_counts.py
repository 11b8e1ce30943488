"""The promotion rule's only input: counts of paired cases.

Validation belongs here. Building the counts from tables, and any statistic on them, does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
Shares = NDArray[np.float64]

_Number = TypeVar("_Number", np.int64, np.float64)

_LARGEST = 2**53  # above it a float no longer holds every integer


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Paired, stratified counts of one experiment; arrays over models are [champion, challenger].

    reviewed: (G, 2, 2, 2) integers [stratum, champion label, challenger label, truth].
    scored: (G, 2, 2) integers, all cases scored by both models, reviewed or not.
    served: (S, 2) integers, distinct routing keys by the model assigned, a row a config version.
    split: (S,) floats in [0, 1], the challenger's share in each of those versions.
    batches: (K, G, 2, 2, 2) integers, the reviewed counts in order of review, 100 cases a batch;
        cases of `reviewed` that no batch holds are the newest, unfinished batch.
        None: order unknown.
    propensities: (G, 2, 2) floats in (0, 1], the logged chance of review of each cell where the
        review queue drew at random; None: estimated from the counts.

    Raises ValueError, saying which array and why, on any other shape, dtype or value.
    """

    reviewed: Counts
    scored: Counts
    served: Counts
    split: Shares
    batches: Counts | None = None
    propensities: Shares | None = None

    def __post_init__(self) -> None:
        """Validate every array and keep read-only copies."""
        reviewed = _counts("reviewed", self.reviewed, ndim=4)
        strata = reviewed.shape[0]
        if strata == 0:
            raise ValueError("reviewed needs at least one stratum, got shape (0, 2, 2, 2)")
        _expect("reviewed", reviewed, (strata, 2, 2, 2))
        scored = _counts("scored", self.scored, ndim=3)
        _expect("scored", scored, (strata, 2, 2))
        if np.any(reviewed.sum(axis=3) > scored):
            raise ValueError(
                "reviewed holds more cases than scored in some cell; "
                "every reviewed case must have been scored by both models"
            )
        served = _counts("served", self.served, ndim=2)
        _expect("served", served, (served.shape[0], 2))
        split = _shares("split", self.split, (served.shape[0],))
        batches = self.batches
        if batches is not None:
            batches = _counts("batches", batches, ndim=5)
            _expect("batches", batches, (batches.shape[0], strata, 2, 2, 2))
            if np.any(batches.sum(axis=0) > reviewed):
                raise ValueError(
                    "batches hold more cases than reviewed in some cell; "
                    "rebuild both from the same reads"
                )
        propensities = self.propensities
        if propensities is not None:
            propensities = _shares("propensities", propensities, (strata, 2, 2))
            if np.any(propensities <= 0):
                raise ValueError(
                    "propensities must be above 0: a cell that is never reviewed "
                    "cannot be corrected for"
                )
        for name, value in (
            ("reviewed", reviewed),
            ("scored", scored),
            ("served", served),
            ("split", split),
            ("batches", batches),
            ("propensities", propensities),
        ):
            object.__setattr__(self, name, value)

    @property
    def n_strata(self) -> int:
        """Number of strata G."""
        return int(self.reviewed.shape[0])

    @property
    def n_reviewed(self) -> int:
        """Cases with a consensus truth."""
        return int(self.reviewed.sum())

    @property
    def n_scored(self) -> int:
        """Cases scored by both models."""
        return int(self.scored.sum())


def _counts(name: str, value: ArrayLike, *, ndim: int) -> Counts:
    array = np.asarray(value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must hold integers, got dtype {array.dtype}")
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimensions, got shape {array.shape}")
    if array.size and (array.min() < 0 or array.max() > _LARGEST):
        raise ValueError(
            f"{name} must hold counts from 0 to 2**53, got {array.min()} to {array.max()}"
        )
    return _frozen(array.astype(np.int64))


def _shares(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Shares:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers, got {value!r}") from error
    _expect(name, array, shape)
    if not np.all((array >= 0) & (array <= 1)):  # also refuses NaN
        raise ValueError(f"{name} must lie in [0, 1] (a share, not a percentage), got {array}")
    return _frozen(array)


def _expect(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {array.shape}")


def _frozen(array: NDArray[_Number]) -> NDArray[_Number]:
    array.setflags(write=False)
    return array
