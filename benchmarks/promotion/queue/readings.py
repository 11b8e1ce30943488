"""What is simulated: how drawn cases are read, and what is not as the rule asks.

Only descriptions; drawing cases is in `drawing`, judging them in `judging`.
"""

from __future__ import annotations

from dataclasses import dataclass

NONE = (0.0, 0.0, 0.0)
SEVEN_DAYS = 700
"""In scored cases, at a hundred a day."""


@dataclass(frozen=True)
class Reading:
    """How the drawn cases of an experiment are read; every time is a number of scored cases.

    floor: chance of an agreement; a disagreement has 1. raised_until: the first cases' agreements
    have 0.5 instead. follows: the floor goes with the evidence.
    delay: mean of an exponential from scoring to reading. positives_first: negatives are read 400
    cases later. unread: share that nobody ever reads where only the challenger errs, where only the
    champion does, and elsewhere. due_after: a drawn case is overdue then.
    """

    floor: float = 0.05
    raised_until: int = 0
    follows: bool = False
    delay: float = 0.0
    positives_first: bool = False
    unread: tuple[float, float, float] = NONE
    due_after: int = SEVEN_DAYS


AT_ONCE = Reading()
DELAYED = Reading(delay=100.0)
TENTH_UNREAD = Reading(unread=(0.1, 0.1, 0.1))
TWENTIETH_UNREAD = Reading(unread=(0.05, 0.05, 0.05))
POSITIVES_FIRST = Reading(positives_first=True)
SKIPS_FOR_THE_CHALLENGER = Reading(unread=(0.30, 0.05, 0.05))
SKIPS_FOR_THE_CHAMPION = Reading(unread=(0.05, 0.30, 0.05))
FOLLOWS_THE_EVIDENCE = Reading(follows=True)
RAISED_AT_FIRST = Reading(raised_until=400)
