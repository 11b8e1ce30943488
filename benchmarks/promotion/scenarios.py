"""What is simulated: pairs of models, who reviews what, and how readers err.

Only descriptions; drawing cases is in `cases`, judging them in `runs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Served:
    """What a review queue can see: (T, R) arrays, one row a case, one column a run."""

    label: Flags
    surety: Floats  # |score - threshold|, 0 to 0.5
    models_differ: Flags
    progress: Floats  # 0 at the first case, 1 at the last; (T, 1)


Review = Callable[[Served], Floats]


@dataclass(frozen=True)
class Scenario:
    """One row of the table.

    sensitivity, specificity: [champion, challenger]. common: share of the errors that both models
    make, beyond chance. share: the challenger's share of traffic, constant or by progress.
    review: chance of review; None: every case. anchoring: chance that a reader adopts a wrong
    served answer. reader_error: chance that a truth is flipped. corrected: share of reads that are
    wrong at first and put right 100 cases later. expects: what a right verdict is.
    """

    name: str
    sensitivity: tuple[float, float]
    specificity: tuple[float, float]
    common: float
    expects: str
    share: float | tuple[tuple[float, float], ...] = 0.5
    review: Review | None = None
    prevalence: float = 0.5
    reader_error: float = 0.0
    anchoring: float = 0.0
    corrected: float = 0.0


def by_label(served: Served) -> Floats:
    return np.where(served.label, 0.9, 0.2)


def by_label_that_flips(served: Served) -> Floats:
    return np.where(served.label == (served.progress < 0.3), 0.9, 0.2)


def by_falling_rate(served: Served) -> Floats:
    return by_label(served) * np.where(served.progress < 0.2, 1.0, 0.4)


def by_uncertainty_step(served: Served) -> Floats:
    return np.where(served.surety < 0.2, 0.9, 0.1)


def by_uncertainty_smooth(served: Served) -> Floats:
    return 1.0 - 1.8 * served.surety


def by_disagreement(served: Served) -> Floats:
    return np.where(served.models_differ, 0.9, 0.15)


def at_random_10(served: Served) -> Floats:
    return np.full(served.label.shape, 0.1)


RAMP = ((0.0, 0.5), (0.15, 0.7), (0.3, 0.9))


def pair(name: str, champion: float, challenger: float, expects: str, **more: object) -> Scenario:
    both = (champion, challenger)
    return replace(Scenario(name, both, both, 0.0, expects), **more)  # type: ignore[arg-type]


def everywhere(scenario: Scenario, commons: tuple[float, ...] = (0.0, 0.5, 0.8)) -> list[Scenario]:
    return [replace(scenario, common=common) for common in commons]


ENDS = (0.0, 0.8)
EQUAL = pair("equal 0.80", 0.8, 0.8, "no PROMOTE")

SCENARIOS: list[Scenario] = [
    *everywhere(EQUAL),
    *everywhere(pair("equal 0.90", 0.9, 0.9, "no PROMOTE")),
    *everywhere(pair("0.80 to 0.85", 0.8, 0.85, "PROMOTE")),
    *everywhere(pair("0.80 to 0.90", 0.8, 0.9, "PROMOTE")),
    *everywhere(
        Scenario(
            "unsafe: sensitivity 0.90 to 0.85, specificity 0.80 to 0.90",
            (0.9, 0.85),
            (0.8, 0.9),
            0.0,
            "no PROMOTE",
        )
    ),
    *everywhere(
        Scenario(
            "specificity only: 0.80 to 0.90, sensitivity 0.90",
            (0.9, 0.9),
            (0.8, 0.9),
            0.0,
            "PROMOTE",
        ),
        ENDS,
    ),
    *everywhere(replace(EQUAL, name="review .9/.2 by label, equal 0.80", review=by_label)),
    *everywhere(pair("review .9/.2 by label, 0.80 to 0.90", 0.8, 0.9, "PROMOTE", review=by_label)),
    *(
        scenario
        for share in (0.1, 0.9)
        for title, review in (("step", by_uncertainty_step), ("smooth", by_uncertainty_smooth))
        for scenario in everywhere(
            replace(
                EQUAL,
                name=f"review by uncertainty ({title}), challenger at {share:.0%}, equal",
                share=share,
                review=review,
            ),
            ENDS,
        )
    ),
    *everywhere(
        pair(
            "review by uncertainty (smooth), challenger at 10%, 0.80 to 0.90",
            0.8,
            0.9,
            "PROMOTE",
            share=0.1,
            review=by_uncertainty_smooth,
        ),
        ENDS,
    ),
    *everywhere(
        replace(EQUAL, name="review of disagreements .9/.15, equal", review=by_disagreement), ENDS
    ),
    *everywhere(replace(EQUAL, name="10 % at random, equal", review=at_random_10), ENDS),
    *everywhere(
        replace(
            EQUAL, name="challenger at 10%, review by label, equal", share=0.1, review=by_label
        ),
        ENDS,
    ),
    *everywhere(
        replace(EQUAL, name="ramp 50-70-90, review by label, equal", share=RAMP, review=by_label),
        ENDS,
    ),
    *everywhere(
        pair(
            "ramp 50-70-90, review by label, 0.80 to 0.90",
            0.8,
            0.9,
            "PROMOTE",
            share=RAMP,
            review=by_label,
        ),
        ENDS,
    ),
    *everywhere(
        replace(EQUAL, name="review rate by label falls to 40 %, equal", review=by_falling_rate),
        ENDS,
    ),
    *everywhere(
        replace(EQUAL, name="review by label turns round, equal", review=by_label_that_flips), ENDS
    ),
    *everywhere(
        replace(EQUAL, name="readers adopt 20 % of served errors, 50/50, equal", anchoring=0.2),
        ENDS,
    ),
    *everywhere(
        replace(
            EQUAL,
            name="readers adopt 20 % of served errors, challenger at 90%, equal",
            anchoring=0.2,
            share=0.9,
            expects="shown: truth must be blinded",
        ),
        ENDS,
    ),
    *(
        scenario
        for prevalence in (0.1, 0.26, 0.5)
        for scenario in (
            replace(
                EQUAL,
                name=f"reader error 5 %, prevalence {prevalence:g}, equal",
                reader_error=0.05,
                prevalence=prevalence,
                common=0.5,
            ),
            Scenario(
                f"reader error 5 %, prevalence {prevalence:g}, specificity 0.80 to 0.92",
                (0.9, 0.9),
                (0.8, 0.92),
                0.5,
                "shown: positives are contaminated",
                reader_error=0.05,
                prevalence=prevalence,
            ),
        )
    ),
    *everywhere(replace(EQUAL, name="10 % of reads corrected later, equal", corrected=0.1), ENDS),
]
