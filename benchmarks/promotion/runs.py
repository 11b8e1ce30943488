"""Looking at many runs after every read: the rule, and the classical test beside it.

Evidence is computed for all runs at once with the library's own functions; whatever it proposes is
judged by `decide` itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import log

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.cases import Cases
from xray_assets.promotion import PairedCounts, Verdict, decide
from xray_assets.promotion.evidence import (
    Payoff,
    accuracy_payoff,
    log_bet_totals,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.propensity import review_propensities
from xray_assets.promotion.rules import VERSION_2

RULE = VERSION_2
"""The last version that estimates who gets reviewed."""
CORRECTION_DELAY = 100
# A read moves log e by less than this (at most log 1.9 for a fixed weight), so looks that cannot
# reach a threshold are left out; `test_no_look_that_matters_is_left_out` compares with all looks.
MOST_A_READ_MOVES = 0.9
NO_SERVED = (np.zeros((0, 2), dtype=np.int64), np.zeros(0))


@dataclass
class Looks:
    """State of R runs: counts, batches, verdicts and the reads they took."""

    n_runs: int
    n_strata: int
    reads: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        r, g = self.n_runs, self.n_strata
        self.reviewed = np.zeros((r, g * 8), dtype=np.int64)
        self.scored = np.zeros((r, g * 4), dtype=np.int64)
        self.batch_starts: list[list[NDArray[np.int64]]] = [[] for _ in range(r)]
        self.reads = np.zeros(r, dtype=np.int64)
        self.verdict = np.zeros(r, dtype=np.int64)  # 1 promoted, -1 rolled back
        self.wait = np.zeros(r, dtype=np.int64)

    def counts(self, run: int) -> PairedCounts:
        shape = (self.n_strata, 2, 2, 2)
        reviewed = self.reviewed[run].reshape(shape)
        starts = np.stack([*self.batch_starts[run], self.reviewed[run]])
        batches = np.diff(starts, axis=0).clip(min=0).reshape(-1, *shape)
        fits = (batches.sum(axis=0) <= reviewed).all()  # a correction may cross batches
        return PairedCounts(
            reviewed,
            self.scored[run].reshape(shape[:3]),
            *NO_SERVED,
            batches=batches if fits else None,
        )


def judge(cases: Cases, *, every_look: bool = False) -> Looks:
    """Run every run to its verdict or its last case."""
    n_cases, n_runs = cases.cell.shape
    looks = Looks(n_runs, cases.n_strata)
    everyone = np.arange(n_runs)
    corrections = bool((cases.cell != cases.corrected_cell).any())
    for t in range(n_cases):
        running = everyone[looks.verdict == 0]
        if len(running) == 0:
            break
        looks.scored[running, cases.cell[t, running] // 2] += 1
        read = running[cases.reviewed[t, running]]
        for run in read[looks.reads[read] % RULE.reviews_per_batch == 0].tolist():
            looks.batch_starts[run].append(looks.reviewed[run].copy())
        looks.reviewed[read, cases.cell[t, read]] += 1
        looks.reads[read] += 1
        looks.wait[read] -= 1
        if corrections and t >= CORRECTION_DELAY:
            then = t - CORRECTION_DELAY
            wrong = cases.cell[then] != cases.corrected_cell[then]
            fixed = running[(cases.reviewed[then] & wrong)[running]]
            looks.reviewed[fixed, cases.cell[then, fixed]] -= 1
            looks.reviewed[fixed, cases.corrected_cell[then, fixed]] += 1
        due = read[(looks.wait[read] <= 0) & (looks.reads[read] >= RULE.min_reviewed)]
        if len(due):
            _look(looks, due, every_look=every_look)
    return looks


def _look(looks: Looks, due: NDArray[np.int64], *, every_look: bool) -> None:
    reviewed = looks.reviewed[due].reshape(len(due), looks.n_strata, 2, 2, 2)
    n = reviewed.sum(axis=4)
    unreviewed = looks.scored[due].reshape(n.shape) - n
    everything = not unreviewed.any()
    p = np.ones(n.shape) if everything else review_propensities(n, n + unreviewed)

    def log_e(payoff: Payoff, rows: slice | NDArray[np.bool_] = slice(None)) -> NDArray[np.float64]:
        waiting = None if everything else unreviewed[rows]
        return log_mixture(
            log_bet_totals(reviewed[rows], p[rows], payoff, RULE.bets, unreviewed=waiting)
        )

    harm = np.logaddexp(log_e(accuracy_payoff(-1)), log_e(missing_more_payoff())) - log(2)
    gain = log_e(accuracy_payoff(+1))
    near = gain >= log(RULE.promote_evidence)
    if near.any():
        gain[near] = np.minimum(
            gain[near], log_e(not_missing_more_payoff(RULE.sensitivity_margin), near)
        )
        positives = reviewed[..., 1] / p
        misses_more = positives[..., 0, 1].sum(axis=1) < positives[..., 1, 0].sum(axis=1) - 1e-9
        gain[near & misses_more] = log(RULE.promote_evidence) - 1e-6  # look again at the next read
    slack = np.minimum(log(RULE.promote_evidence) - gain, log(RULE.rollback_evidence) - harm)
    for run in due[slack <= 1e-9].tolist():
        verdict = decide(looks.counts(run), RULE).verdict
        looks.verdict[run] = {Verdict.PROMOTE: 1, Verdict.ROLLBACK: -1}.get(verdict, 0)
    if not every_look:
        looks.wait[due] = np.maximum(1, np.floor(slack / MOST_A_READ_MOVES)).astype(np.int64)
