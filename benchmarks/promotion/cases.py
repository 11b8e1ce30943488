"""Drawing the cases of many runs at once: labels, truths, strata and who is reviewed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from benchmarks.promotion.scenarios import Scenario, Served
from xray_assets.promotion.counts.uncertainty_bands import band_of, n_strata, stratum

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Cases:
    """Cases of R runs, (T, R) each.

    cell: flat index into (G, 2, 2, 2) [stratum, champion label, challenger label, truth as first
    read]; corrected_cell: the same with the final truth. served_correct: was the served answer
    right by the final truth. arm: 0 champion, 1 challenger.
    """

    n_strata: int
    cell: Codes
    corrected_cell: Codes
    reviewed: NDArray[np.bool_]
    arm: NDArray[np.bool_]
    served_correct: NDArray[np.bool_]


def draw(scenario: Scenario, n_runs: int, n_cases: int, rng: np.random.Generator) -> Cases:
    """Latent normal scores, correlated between the models within each truth."""
    shape = (n_cases, n_runs)
    truth = rng.random(shape) < scenario.prevalence
    score = _scores(scenario, truth, rng)
    label = score > 0.5
    progress = (np.arange(n_cases) / n_cases)[:, None]
    arm = rng.random(shape) < _share(scenario, progress)
    served_score = np.where(arm, score[1], score[0])
    served_label = served_score > 0.5
    differ = label[0] != label[1]
    if scenario.review is None:
        reviewed, strata = np.ones(shape, dtype=bool), np.zeros(shape, dtype=np.int64)
    else:
        served = Served(served_label, np.abs(served_score - 0.5), differ, progress)
        reviewed = rng.random(shape) < scenario.review(served)
        strata = stratum(arm.astype(np.int64), band_of(served_score, 0.5))
    read = truth ^ (rng.random(shape) < scenario.reader_error)
    read = np.where(rng.random(shape) < scenario.anchoring, served_label, read)
    first_read = read ^ (rng.random(shape) < scenario.corrected)
    pair = (strata * 4 + label[0] * 2 + label[1]) * 2
    return Cases(
        n_strata=1 if scenario.review is None else n_strata(),
        cell=pair + first_read,
        corrected_cell=pair + read,
        reviewed=reviewed,
        arm=arm,
        served_correct=served_label == read,
    )


def _scores(
    scenario: Scenario, truth: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.float64]:
    """(2, T, R) probabilities of [champion, challenger]; above 0.5 is positive."""
    common = rng.standard_normal(truth.shape)
    own = rng.standard_normal(truth.shape)
    right = {True: scenario.sensitivity, False: scenario.specificity}
    latent = np.empty((2, *truth.shape))
    for is_positive, (champion, challenger) in right.items():
        r = _correlation(1 - champion, 1 - challenger, scenario.common)
        here = truth == is_positive
        sign = 1.0 if is_positive else -1.0
        latent[0][here] = (norm.ppf(champion) + common[here]) * sign
        second = r * common[here] + np.sqrt(1 - r * r) * own[here]
        latent[1][here] = (norm.ppf(challenger) + second) * sign
    return norm.cdf(latent)


def _correlation(first_error: float, second_error: float, common: float) -> float:
    """The correlation that lets both err with chance e1 e2 + common (min(e1, e2) - e1 e2)."""
    if common == 0:
        return 0.0
    independent = first_error * second_error
    wanted = independent + common * (min(first_error, second_error) - independent)
    limits = norm.ppf([first_error, second_error])

    def excess(r: float) -> float:
        return float(multivariate_normal.cdf(limits, cov=[[1, r], [r, 1]])) - wanted

    return float(brentq(excess, 0.0, 0.99999))


def _share(scenario: Scenario, progress: NDArray[np.float64]) -> NDArray[np.float64]:
    if isinstance(scenario.share, float | int):
        return np.full(progress.shape, scenario.share)
    share = np.zeros(progress.shape)
    for start, value in scenario.share:
        share[progress >= start] = value
    return share
