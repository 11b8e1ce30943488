"""No worse than the champion and than the anchor, on every golden version. Pure.

The anchor is the first champion: ten steps that each lose a little do not pass. The k-th candidate
on a version is judged at alpha / k, so that trying often does not help. Margin and size go
together: the margin is the smallest at which a model of equal merit passes in CHANCE of all cases.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from xray_assets.retraining.gates.demands import GOLDEN
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.statistics.noninferiority import (
    LARGEST_MARGIN,
    Paired,
    chance_of_equal,
    margin_of_equal,
)

ALPHA, CHANCE = 0.05, 0.8
EQUAL_DISCORDANCE = 0.05
"""Share of films that exactly one of two trainings of equal merit gets right."""
CLASSES = {"sensitivity": 1, "specificity": 0}


class GoldenFilms(NamedTuple):
    """A version and its films: (N,) truth, and (N,) labels by model: `candidate`, `champion`,
    `anchor` (the same array where it is the champion).
    """

    version: int
    candidate_number: int
    truth: NDArray[np.int64]
    labels: Mapping[str, NDArray[np.int64]]


def golden_gate(versions: list[GoldenFilms]) -> GateResult:
    """The answer over all versions; without a golden film it fails."""
    figures = [figure for version in versions for figure in _compared(version)]
    if not figures:
        return GateResult(GOLDEN, False, 0.0, 0.0, "there is no golden film to judge by")
    worst = min(figures, key=lambda figure: figure["low"] + figure["margin"])
    return GateResult(
        GOLDEN,
        passed=all(figure["passed"] for figure in figures),
        value=worst["low"],
        limit=-worst["margin"],
        said=(
            f"{worst['figure']} against the {worst['against']} on golden version "
            f"{worst['version']}: {worst['difference']:+.3f}, at least {worst['low']:+.3f}, margin "
            f"{worst['margin']:g}, {worst['n']} films; a model of equal merit passes all "
            f"{len(figures)} in {_chance(figures):.0%}"
        ),
        figures=figures,
    )


def _compared(version: GoldenFilms) -> list[dict[str, Any]]:
    alpha = ALPHA / max(version.candidate_number, 1)
    against = ["champion"]
    if not np.array_equal(version.labels["anchor"], version.labels["champion"]):
        against.append("anchor")
    each = CHANCE ** (1 / (len(against) * len(CLASSES)))
    found = []
    for name in against:
        for figure, truth in CLASSES.items():
            of_class = version.truth == truth
            right = {
                model: version.labels[model][of_class] == truth for model in ("candidate", name)
            }
            pairs = Paired.of(right[name], right["candidate"])
            margin = margin_of_equal(pairs.n, alpha, discordance=EQUAL_DISCORDANCE, chance=each)
            low = pairs.low(alpha)
            found.append(
                {
                    "version": version.version,
                    "against": name,
                    "figure": figure,
                    "n": pairs.n,
                    "difference": pairs.difference,
                    "low": low,
                    "margin": margin,
                    "alpha": alpha,
                    "equal_passes": chance_of_equal(pairs.n, margin, alpha, EQUAL_DISCORDANCE),
                    "passed": low >= -margin,
                }
            )
    return found


def _chance(figures: list[dict[str, Any]]) -> float:
    """At least; the comparisons go together."""
    return float(np.prod([figure["equal_passes"] for figure in figures]))


def too_small(figures: list[dict[str, Any]]) -> bool:
    """Whether a comparison needed the largest margin: more golden films would judge better."""
    return any(figure["margin"] >= LARGEST_MARGIN for figure in figures)
