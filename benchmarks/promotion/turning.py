"""A challenger that turns worse after it has earned PROMOTE: how soon is it noticed?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.promotion.cases import draw
from benchmarks.promotion.runs import NO_SERVED, RULE
from benchmarks.promotion.scenarios import pair
from xray_assets.promotion import PairedCounts, Verdict, decide

BEFORE = 600
LOOK_EVERY = 5
"""Reads between looks after the turn; the waits are exact to this."""


@dataclass(frozen=True)
class Turn:
    """Reads after the turn, over the runs that stood at PROMOTE; infinite: not within `limit`.

    alarm: until the recent-evidence alarm, which is a red guard and rolls back in a ramp.
    """

    accuracy_after: float
    common: float
    runs: int
    withdrawn_median: float
    withdrawn_90: float
    withdrawn_without_recent_median: float
    alarm_median: float
    alarm_90: float
    rollback_median: float
    rollback_90: float
    limit: int


def turn_worse(accuracy_after: float, common: float, *, n_runs: int, limit: int, seed: int) -> Turn:
    """0.80 against 0.90 for 600 reads, then against `accuracy_after`; every case reviewed."""
    rng = np.random.default_rng(seed)
    good = draw(pair("good", 0.8, 0.9, "", common=common), n_runs, BEFORE, rng)
    bad = draw(pair("bad", 0.8, accuracy_after, "", common=common), n_runs, limit, rng)
    waits: list[tuple[float, ...]] = []
    for run in range(n_runs):
        counts = np.eye(8, dtype=np.int64)[np.concatenate([good.cell[:, run], bad.cell[:, run]])]
        totals = np.cumsum(counts, axis=0)
        if _decide(totals, BEFORE).verdict is Verdict.PROMOTE:
            waits.append(_waits(totals, limit))
    withdrawn, blind, alarm, rollback = np.array(waits).T
    return Turn(
        accuracy_after,
        common,
        len(waits),
        float(np.quantile(withdrawn, 0.5, method="higher")),
        float(np.quantile(withdrawn, 0.9, method="higher")),
        float(np.quantile(blind, 0.5, method="higher")),
        float(np.quantile(alarm, 0.5, method="higher")),
        float(np.quantile(alarm, 0.9, method="higher")),
        float(np.quantile(rollback, 0.5, method="higher")),
        float(np.quantile(rollback, 0.9, method="higher")),
        limit,
    )


def _decide(totals: np.ndarray, reads: int):
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
        )
    )


def _waits(totals: np.ndarray, limit: int) -> tuple[float, ...]:
    withdrawn = blind = alarm = rollback = float("inf")
    for extra in range(LOOK_EVERY, limit + 1, LOOK_EVERY):
        decision = _decide(totals, BEFORE + extra)
        if "recent_evidence" in decision.reason_codes:
            alarm = min(alarm, extra)
        if decision.verdict is not Verdict.PROMOTE:
            withdrawn = min(withdrawn, extra)
            if decision.reason_codes != ("recent_evidence",):
                blind = min(blind, extra)
        if decision.verdict is Verdict.ROLLBACK:
            rollback = extra
            break
    return withdrawn, blind, min(alarm, rollback), rollback
