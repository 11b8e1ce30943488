"""Looking at a run whenever what counts of it changes, to its first verdict.

Evidence after each drawn case is computed at once with the library's own payoffs; what it proposes
is judged by `decide_cases` on the cases as they stood then. test_queue_simulation.py compares with
`decide_cases` after every case.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.queue.drawing import RULE, Run
from xray_assets.promotion import Verdict, decide_cases
from xray_assets.promotion.evidence import (
    Payoff,
    accuracy_payoff,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)

Floats = NDArray[np.float64]
SLACK = 1e-9
"""A proposal may be off by rounding: `decide_cases` has the last word."""


@dataclass(frozen=True)
class Judged:
    """The first verdict that ends an experiment, or KEEP_TESTING after its last case.

    reads: cases read until then. cases: cases scored.
    """

    verdict: Verdict
    reads: int
    cases: int


def judge(run: Run) -> Judged:
    """The first PROMOTE or ROLLBACK of a run whose disagreements all have chance 1."""
    drawn = np.flatnonzero(run.drawn)
    countable_at = np.maximum.accumulate(run.resolved_at[drawn])
    n_cases = len(run.drawn)
    proposed = _proposals(run, drawn)
    # A prefix is looked at if it is all that counts at some time within the run.
    ends = np.append(countable_at[1:] > countable_at[:-1], True) & (countable_at <= n_cases)
    for time in countable_at[proposed & ends].tolist():
        verdict = decide_cases(run.at(time), RULE).verdict
        if verdict is not Verdict.KEEP_TESTING:
            return Judged(verdict, run.reads_until(time), int(time))
    return Judged(Verdict.KEEP_TESTING, run.reads_until(n_cases), n_cases)


def _proposals(run: Run, drawn: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(K,) whether the first k + 1 drawn cases could end the experiment."""
    unread = run.unread[drawn]
    champion, challenger, truth = (
        column[drawn].astype(np.int64)
        for column in (run.champion_label, run.challenger_label, run.truth)
    )
    outcome = np.where(unread, 2, truth)
    chances, stratum = np.unique(run.chance[drawn], return_inverse=True)
    kind = ((stratum * 2 + champion) * 2 + challenger) * 3 + outcome

    def log_e(payoff: Payoff) -> Floats:
        z = np.concatenate([payoff.z, payoff.z.min(axis=2, keepdims=True)], axis=2)
        stakes = z / chances[:, None, None, None]
        stakes = stakes.clip(min=-1)  # lower ones only where a disagreement had a smaller chance
        growth = np.log1p(stakes.reshape(-1, 1) * RULE.bets)
        return log_mixture(np.cumsum(growth[kind], axis=0))

    harm = np.logaddexp(log_e(accuracy_payoff(-1)), log_e(missing_more_payoff())) - log(2)
    gain = np.minimum(
        log_e(accuracy_payoff(+1)), log_e(not_missing_more_payoff(RULE.sensitivity_margin))
    )
    settled = np.cumsum(~unread)
    positives = np.cumsum(~unread & (truth == 1))
    differ = champion != challenger
    found_more = np.cumsum((~unread & differ & (truth == 1)) * (challenger - champion)) >= 0
    backlog = np.cumsum(unread & differ) / np.maximum(np.cumsum(differ), 1)
    ready = (
        (settled >= RULE.min_reviewed)
        & (positives >= RULE.min_positives)
        & (settled - positives >= RULE.min_negatives)
    )
    good = (gain >= log(RULE.promote_evidence) - SLACK) & found_more
    good &= backlog <= RULE.largest_backlog + SLACK
    return ready & (good | (harm >= log(RULE.rollback_evidence) - SLACK))
