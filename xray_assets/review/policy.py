"""What an experiment freezes about its review, and the floor that a morning's budget allows. Pure.

Cases on which the models agree say nothing about which of them is more accurate, so each
disagreement is read, and a part of the rest: docs/decision.md.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property
from math import floor as rounded_down

from xray_assets.catalog import CHANCES
from xray_assets.errors import XrayError

FLOORS = tuple(chance for chance in CHANCES if chance <= 0.1)
"""Chances at which any case may be read: enough for coverage, few enough for a budget."""


class UnknownPolicy(XrayError, LookupError):
    """An experiment froze a review policy that this code does not hold."""


@dataclass(frozen=True)
class ReviewPolicy:
    """How the cases of an experiment are read, from its first to its last.

    disagreements, floor: the chance of a case on which the models differ, and of any other; a
    morning or a person may order more for the latter. double_reads: the share of drawn cases that
    two readers read. days: then a case that nobody has settled is overdue.
    """

    version: str = "1"
    disagreements: float = 1.0
    floor: float = FLOORS[-1]
    double_reads: float = 0.15
    days: float = 7.0

    @property
    def canonical_json(self) -> str:
        """Every constant as JSON with sorted keys and no spaces: what `sha256` covers."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of `canonical_json`."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()


POLICIES = {policy.sha256: policy for policy in (ReviewPolicy(floor=one) for one in FLOORS)}
"""Every policy that an experiment may have frozen, by its hash."""


def policy_of(sha256: str | None) -> ReviewPolicy:
    """The policy with this hash; the one with the lowest floor for an experiment that froze none.

    Raises UnknownPolicy.
    """
    if sha256 is None:
        return ReviewPolicy(floor=FLOORS[0])
    if sha256 not in POLICIES:
        raise UnknownPolicy(
            f"the experiment froze review policy {sha256[:12]}, which this release does not hold: "
            "use the release that opened it, or close it with `xray experiment close`"
        )
    return POLICIES[sha256]


@dataclass(frozen=True)
class Volume:
    """Cases of a day of last week's, and those of them on which the running experiment's models
    differ.
    """

    cases: float
    disagreements: float = 0.0


@dataclass(frozen=True)
class Morning:
    """What is fixed for a day: the chance of any case, the share of cases that enter a running
    experiment, and why.
    """

    floor: float
    entry_share: float
    cause: str


def morning(volume: Volume, budget: int, *, least: float = FLOORS[0]) -> Morning:
    """The largest floor from `least` on whose reads fit the budget of a day, double reads counted.

    Where disagreements alone would not fit, fewer cases enter the experiment: a whole percentage,
    at least 1. No disagreement of a case that entered is left out.
    """
    reads_a_case = 1 + ReviewPolicy().double_reads
    differ = volume.disagreements * reads_a_case
    entry = 1.0 if differ <= budget else max(1, rounded_down(100 * budget / differ)) / 100

    def reads(floor: float) -> float:
        entered = entry * volume.disagreements
        return reads_a_case * (entered + floor * (volume.cases - entered))

    allowed = [floor for floor in FLOORS if floor >= least]
    chosen = max((one for one in allowed if reads(one) <= budget), default=allowed[0])
    return Morning(
        chosen,
        entry,
        f"{volume.cases:.0f} cases a day last week, {volume.disagreements:.0f} of them "
        f"disagreements: about {reads(chosen):.0f} reads of a budget of {budget}",
    )
