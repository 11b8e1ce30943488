"""A challenger that turns worse after it has earned PROMOTE: how soon is it noticed? And one that
does not turn: how often is it doubted?

Version 1 of the rule is version 2 without the reason `advantage_lost`, so one look tells both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.promotion.cases import draw
from benchmarks.promotion.runs import NO_SERVED, RULE
from benchmarks.promotion.scenarios import pair
from xray_assets.promotion import PairedCounts, PromotionDecision, Verdict, decide

LOOK_EVERY = 5
"""Reads between looks until both versions have withdrawn PROMOTE; the waits are exact to this."""
LOOK_LATER = 25

NEVER = float("inf")


@dataclass(frozen=True)
class Turn:
    """Reads after the turn, over the runs that stood at PROMOTE; infinite: not within `limit`.

    withdrawn: until the verdict is not PROMOTE. alarm: until the recent-evidence alarm, which is a
    red guard and rolls back in a ramp.
    """

    before: int
    accuracy_after: float
    common: float
    runs: int
    withdrawn_mean: float
    withdrawn_90: float
    version_1_mean: float
    version_1_90: float
    alarm_median: float
    rollback_median: float
    limit: int


@dataclass(frozen=True)
class Steady:
    """Runs of a challenger that stays as it is: shares of runs, each over all its reads.

    doubted: `advantage_lost` alone held back a PROMOTE at some look. alarm: recent evidence.
    """

    accuracy: float
    common: float
    runs: int
    reads: int
    doubted: float
    alarm: float
    rolled_back: float


def turn_worse(
    before: int, accuracy_after: float, common: float, *, n_runs: int, limit: int, seed: int
) -> Turn:
    """0.80 against 0.90 for `before` reads, then against `accuracy_after`; every case reviewed."""
    rng = np.random.default_rng(seed)
    good = draw(pair("good", 0.8, 0.9, "", common=common), n_runs, before, rng)
    bad = draw(pair("bad", 0.8, accuracy_after, "", common=common), n_runs, limit, rng)
    waits = [
        _waits(totals, before, limit)
        for totals in map(_totals, np.concatenate([good.cell, bad.cell]).T)
        if _decide(totals, before).verdict is Verdict.PROMOTE
    ]
    withdrawn, version_1, alarm, rollback = np.array(waits).T
    return Turn(
        before,
        accuracy_after,
        common,
        len(waits),
        float(withdrawn.mean()),
        _quantile(withdrawn, 0.9),
        float(version_1.mean()),
        _quantile(version_1, 0.9),
        _quantile(alarm, 0.5),
        _quantile(rollback, 0.5),
        limit,
    )


def stay(accuracy: float, common: float, *, n_runs: int, reads: int, seed: int) -> Steady:
    """0.80 against `accuracy` throughout, looked at every 25 reads, also after a ROLLBACK."""
    cases = draw(
        pair("steady", 0.8, accuracy, "", common=common),
        n_runs,
        reads,
        np.random.default_rng(seed),
    )
    seen = np.zeros((n_runs, 3), dtype=bool)
    for run, totals in enumerate(map(_totals, cases.cell.T)):
        for look in range(LOOK_LATER, reads + 1, LOOK_LATER):
            decision = _decide(totals, look)
            codes = set(decision.reason_codes) - {"expected_further_reads", "inconclusive"}
            seen[run] |= (
                codes == {"advantage_lost"},
                decision.recent_evidence >= RULE.recent_evidence,
                decision.verdict is Verdict.ROLLBACK,
            )
    return Steady(accuracy, common, n_runs, reads, *seen.mean(axis=0).tolist())


def _totals(cells: np.ndarray) -> np.ndarray:
    """(T, 8) counts of each cell after each read."""
    return np.cumsum(np.eye(8, dtype=np.int64)[cells], axis=0)


def _decide(totals: np.ndarray, reads: int) -> PromotionDecision:
    size = RULE.reviews_per_batch
    ends = [*range(size, reads, size), reads]
    at = np.concatenate([np.zeros((1, 8), dtype=np.int64), totals[np.array(ends) - 1]])
    shape = (1, 2, 2, 2)
    reviewed = totals[reads - 1].reshape(shape)
    return decide(
        PairedCounts(
            reviewed,
            reviewed.sum(axis=3),
            *NO_SERVED,
            batches=np.diff(at, axis=0).reshape(-1, *shape),
        ),
        RULE,
    )


def _waits(totals: np.ndarray, before: int, limit: int) -> tuple[float, ...]:
    withdrawn = version_1 = alarm = rollback = NEVER
    extra = 0
    while extra < limit and rollback == NEVER:
        extra += LOOK_EVERY if version_1 == NEVER else LOOK_LATER
        decision = _decide(totals, before + min(extra, limit))
        if "recent_evidence" in decision.reason_codes:
            alarm = min(alarm, extra)
        if decision.verdict is not Verdict.PROMOTE:
            withdrawn = min(withdrawn, extra)
            if decision.reason_codes != ("advantage_lost",):
                version_1 = min(version_1, extra)
        if decision.verdict is Verdict.ROLLBACK:
            rollback = extra
    return withdrawn, version_1, min(alarm, rollback), rollback


def _quantile(waits: np.ndarray, share: float) -> float:
    return float(np.quantile(waits, share, method="higher"))
