"""Reviewed cases by band of a model's score: operating points, and tiers of risk with the worklist
that they give.

Bands are sums, so they can be kept and added up; nothing here sees a single case again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.statistics.calibration import bin_of
from xray_assets.statistics.intervals import Estimate, Floats, weighted_share
from xray_assets.statistics.resolution import BINS
from xray_assets.statistics.scored_films import labels_and_scores

EDGES: Floats = np.linspace(0.0, 1.0, BINS + 1)
"""Of the bands; the lower ones belong to them."""


@dataclass(frozen=True, eq=False)
class ScoreBands:
    """Cases with a truth, (2, BINS) each [truth, band from low to high]: how many, their weights
    summed, and the weights' squares summed.

    A case's weight is 1 / the chance that it was reviewed, so that sums stand for all films.
    """

    n: NDArray[np.int64]
    weight: Floats
    squares: Floats

    @property
    def prevalence(self) -> Estimate:
        """The share of films with pneumonia."""
        return weighted_share(self.weight[1].sum(), self.weight.sum(), self.squares.sum())


def score_bands(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> ScoreBands:
    """Bands of (N,) truths, probabilities and weights (None: 1 each). Raises ValueError on bad
    labels or scores and on weights below 1.
    """
    positive, score = labels_and_scores(labels, scores)
    weight = np.ones(len(score)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != score.shape or not np.all(weight >= 1):
        raise ValueError("weights are 1 / chance of review: one a case, from 1")
    cell = BINS * positive + bin_of(score)

    def summed(values: Floats) -> Floats:
        sums = np.bincount(cell, weights=values, minlength=2 * BINS)
        return sums.astype(np.float64).reshape(2, BINS)

    n = summed(np.ones(len(score))).astype(np.int64)
    return ScoreBands(n, summed(weight), summed(weight * weight))


def operating_points(bands: ScoreBands) -> tuple[Estimate, Estimate]:
    """(sensitivity, specificity), (BINS,) each: positive from the lower edge of a band on."""
    from_here = np.cumsum(bands.weight[:, ::-1], axis=1)[:, ::-1]
    total, squares = bands.weight.sum(axis=1), bands.squares.sum(axis=1)
    return (
        weighted_share(from_here[1], total[1], squares[1]),
        weighted_share(total[0] - from_here[0], total[0], squares[0]),
    )


@dataclass(frozen=True, eq=False)
class RiskTiers:
    """Tiers from the highest scores to the lowest, (T,) each.

    low, high: the scores of a tier. n: its reviewed cases. films: its share of all films. observed:
    the share of pneumonia among them. read, found: whoever reads this tier and those above it reads
    this share of the films and finds this share of the pneumonias.
    """

    low: Floats
    high: Floats
    n: NDArray[np.int64]
    films: Floats
    observed: Estimate
    read: Floats
    found: Floats


def risk_tiers(bands: ScoreBands, cuts: Sequence[float]) -> RiskTiers:
    """Tiers between the cuts, which are inner edges of bands in rising order; ValueError if not."""
    at = np.rint(np.asarray(cuts, dtype=np.float64) * BINS).astype(np.int64)
    inner = np.all((at > 0) & (at < BINS) & (np.diff(at, prepend=0) > 0))
    if not inner or not np.allclose(EDGES[at], cuts):
        raise ValueError(f"cuts must rise in steps of {EDGES[1]:g} between 0 and 1")
    starts = np.concatenate([[0], at])
    n, weight, squares = (
        np.add.reduceat(one, starts, axis=1)[:, ::-1]
        for one in (bands.n, bands.weight, bands.squares)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        films = weight.sum(axis=0) / weight.sum()
        found = np.cumsum(weight[1]) / weight[1].sum()
    return RiskTiers(
        low=EDGES[starts][::-1],
        high=EDGES[np.append(at, BINS)][::-1],
        n=n.sum(axis=0),
        films=films,
        observed=weighted_share(weight[1], weight.sum(axis=0), squares.sum(axis=0)),
        read=np.cumsum(films),
        found=found,
    )
