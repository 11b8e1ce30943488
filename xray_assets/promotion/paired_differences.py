"""Challenger minus champion on the same cases, with bounds that hold at every look.

A difference's bounds invert the e-process of `evidence` over a shift of its payoff. Verdicts do not
belong here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log, nan

import numpy as np

from xray_assets.promotion.counted_evidence import CountedEvidence
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.evidence import Payoff, log_mixture
from xray_assets.promotion.propensity import Floats
from xray_assets.promotion.rule import PromotionRule

_COARSE = np.linspace(-1.0, 1.0, 41)
_HALVINGS = 20


@dataclass(frozen=True)
class PairedDifference:
    """Challenger minus champion, corrected for who was reviewed, with anytime bounds.

    value: NaN without a reviewed case that counts; the bounds are then -1 and 1.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedDifferences:
    """The three differences; `approximate` where review propensities were estimated."""

    accuracy: PairedDifference
    sensitivity: PairedDifference
    specificity: PairedDifference
    approximate: bool


def paired_differences(counts: PairedCounts, rule: PromotionRule) -> PairedDifferences:
    """Differences on the scored cases of the experiment, at the rule's interval level.

    Sensitivity and specificity are conditional on the truth, so the shift applies to the cases of
    that truth only: z = 1[truth] x (difference - shift).
    """
    everyone_is_reviewed = counts.n_reviewed == counts.n_scored
    estimated = not (rule.logs_chances or everyone_is_reviewed or counts.propensities is not None)
    correct = _correct()
    gain = correct[1] - correct[0]
    everyone = np.ones(2)
    return PairedDifferences(
        accuracy=_difference(counts, rule, gain, everyone),
        sensitivity=_difference(counts, rule, gain, np.array([0.0, 1.0])),
        specificity=_difference(counts, rule, gain, np.array([1.0, 0.0])),
        approximate=estimated,
    )


def _correct() -> Floats:
    """(2, 2, 2, 2) whether [model] is right at [champion label, challenger label, truth]."""
    champion, challenger, truth = np.indices((2, 2, 2))
    return np.stack([champion == truth, challenger == truth]).astype(np.float64)


def _difference(
    counts: PairedCounts, rule: PromotionRule, gain: Floats, counted: Floats
) -> PairedDifference:
    evidence = CountedEvidence(counts, rule)
    weighted = counts.reviewed / evidence.propensities[..., None] * counted
    total = float(weighted.sum())
    needed = log(2.0 / (1.0 - rule.interval_level))  # half the error on each side

    def refuted(shift: float, sign: float) -> bool:
        payoff = Payoff(z=sign * counted * (gain - shift))
        return float(log_mixture(evidence.totals(payoff))) >= needed

    low = _boundary(lambda shift: refuted(shift, +1.0))
    high = -_boundary(lambda shift: refuted(-shift, -1.0))
    return PairedDifference(float((weighted * gain).sum()) / total if total else nan, low, high)


def _boundary(refuted: Callable[[float], bool]) -> float:
    """The largest shift below which every shift is refuted; -1 when the lowest one is not.

    Errs towards -1: a shift is only passed over when it was refuted itself.
    """
    low, high = -1.0, 1.0
    if not refuted(low):
        return low
    for shift in _COARSE[1:].tolist():
        if not refuted(shift):
            high = shift
            break
        low = shift
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if refuted(middle) else (low, middle)
    return low
