"""What a film costs on average, with a model and without one, under stated assumptions.

Costs are in any one unit. Which figures a model has is told elsewhere; here is only what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from xray_assets.statistics.intervals import Estimate, linear_combination


class Policy(StrEnum):
    """Who decides what about a film."""

    MODEL_ALONE = "model alone"
    """What it calls pneumonia is treated, nothing is read."""
    FLAGGED_READ = "model, flagged films read"
    """What it calls pneumonia is read, and treated where the reader agrees; nothing else is."""
    NOBODY_TREATED = "no AI, nobody treated"
    EVERYBODY_TREATED = "no AI, everybody treated"
    ALL_READ = "no AI, every film read"


@dataclass(frozen=True)
class Assumptions:
    """What no table knows. `missed`: a pneumonia that nobody treats; `false_alarm`: treatment of
    somebody without one; `read`: a film read by a radiologist, who is taken to be right;
    `prevalence`: the share of films with pneumonia.

    Raises ValueError for a negative or infinite cost and for a prevalence outside [0, 1].
    """

    prevalence: float
    missed: float = 100.0
    false_alarm: float = 10.0
    read: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        for name in ("missed", "false_alarm", "read"):
            cost: float = getattr(self, name)
            if not (isfinite(cost) and cost >= 0):
                raise ValueError(f"{name} must be a cost of 0 or more, got {cost}")
        if not 0 <= self.prevalence <= 1:
            raise ValueError(f"prevalence must lie in [0, 1], got {self.prevalence}")

    @property
    def threshold_probability(self) -> float | None:
        """The probability of pneumonia from which treating costs less than waiting: F / (F + M)
        (Pauker & Kassirer 1975); None where both cost nothing.
        """
        both = self.false_alarm + self.missed
        return self.false_alarm / both if both else None


def costs_with_model(
    sensitivity: Estimate, specificity: Estimate, given: Assumptions
) -> dict[Policy, Estimate]:
    """Expected cost a film of a model of these figures.

    alone: pi (1 - se) M + (1 - pi) (1 - sp) F. Flagged films read: pi (1 - se) M + (pi se + (1 -
    pi) (1 - sp)) R. The interval is that of the figures; the assumptions are taken as they are.
    """
    ill, well = given.prevalence, 1 - given.prevalence
    missed, alarm, read = ill * given.missed, well * given.false_alarm, well * given.read
    return {
        Policy.MODEL_ALONE: linear_combination(
            missed + alarm, (-missed, sensitivity), (-alarm, specificity)
        ),
        Policy.FLAGGED_READ: linear_combination(
            missed + read, (ill * given.read - missed, sensitivity), (-read, specificity)
        ),
    }


def costs_without_model(given: Assumptions) -> dict[Policy, float]:
    """Expected cost a film where no model is asked: pi M, (1 - pi) F and R."""
    return {
        Policy.NOBODY_TREATED: given.prevalence * given.missed,
        Policy.EVERYBODY_TREATED: (1 - given.prevalence) * given.false_alarm,
        Policy.ALL_READ: given.read,
    }


def cost_difference(
    sensitivity: Estimate, specificity: Estimate, given: Assumptions
) -> dict[Policy, Estimate]:
    """What a film costs more with the challenger than with the champion, from the differences of
    their figures on the same cases; the bounds are as good as theirs.
    """
    ill, well = given.prevalence, 1 - given.prevalence
    missed, alarm, read = ill * given.missed, well * given.false_alarm, well * given.read
    return {
        Policy.MODEL_ALONE: linear_combination(0.0, (-missed, sensitivity), (-alarm, specificity)),
        Policy.FLAGGED_READ: linear_combination(
            0.0, (ill * given.read - missed, sensitivity), (-read, specificity)
        ),
    }
