"""What may be chosen, and what a try of it came to. Plain values; no library of a search here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Choices = Mapping[str, Any]
Report = Callable[[int, float], None]
"""Told the loss after so many epochs; raises `Stopped` where the rest is not worth its time."""
Objective = Callable[[Choices, Report], float]
"""The loss of choices on films that they did not learn from; lower is better."""


class Stopped(Exception):
    """A try was ended early: others were better after as many epochs."""


@dataclass(frozen=True)
class Between:
    """A number from low to high, both included; `log`: evenly in its logarithm."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


Space = Mapping[str, Between | tuple[Any, ...]]
"""A range or the values to take from, by name."""


@dataclass(frozen=True)
class Try:
    """One try: what was chosen, its loss (the last one, if it was stopped), its loss by epoch."""

    number: int
    choices: Choices
    loss: float
    stopped: bool
    curve: Mapping[int, float]
    seconds: float
