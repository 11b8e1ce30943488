"""Each rule taken away: what the run looks like to a decision that does without it.

Six of the seven are other columns for the same `decide_cases`; the guess for unread cases is
version 2 of the rule, given the logged chances.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from benchmarks.promotion.queue.drawing import Run
from benchmarks.promotion.queue.judging import Judged
from xray_assets.promotion import PairedCounts, Verdict, decide
from xray_assets.promotion.evidence import (
    Payoff,
    accuracy_payoff,
    log_mixture,
    missing_more_payoff,
    not_missing_more_payoff,
)
from xray_assets.promotion.rules import VERSION_2

Randomness = np.random.Generator

LEAN, DRAWS, COME_TO_LIGHT = 0.15, 4, 0.3


def nothing(run: Run, _: Randomness) -> Run:
    """The run as it is: another way of judging it is what is tried."""
    return run


def in_order_of_reading(run: Run, _: Randomness) -> Run:
    """No watermark: cases count when they are read, and those that are due are not waited for."""
    read = np.flatnonzero(run.drawn & ~run.unread & (run.resolved_at <= len(run.drawn)))
    order = read[np.argsort(run.resolved_at[read], kind="stable")]
    reordered = {name: column[order] for name, column in vars(run).items()}
    return Run(**reordered | {"resolved_at": np.arange(1.0, len(order) + 1)})


def unread_as_not_drawn(run: Run, _: Randomness) -> Run:
    """No worst case: a drawn case that nobody reads drops out."""
    return replace(run, drawn=run.drawn & ~run.unread)


def served_by_cell(run: Run, random: Randomness) -> Run:
    """The queue shows films that only the challenger calls positive as one block: readers who know
    lean to a finding, and so read a part of the negatives there as positive.
    """
    only_challenger_positive = ~run.champion_label & run.challenger_label
    leans = only_challenger_positive & (random.random(len(run.truth)) < LEAN)
    return replace(run, truth=run.truth | leans)


def drawn_again(run: Run, random: Randomness) -> Run:
    """Every later order draws the same films once more, at its own chance, which is logged."""
    again = 1 - (1 - run.chance) ** (DRAWS - 1)
    return replace(run, drawn=run.drawn | (random.random(len(run.drawn)) < again))


def counted_though_not_drawn(run: Run, random: Randomness) -> Run:
    """Undrawn positives that come to light (patients who return) are read, and count."""
    come = run.truth & (random.random(len(run.drawn)) < COME_TO_LIGHT)
    return replace(run, drawn=run.drawn | come)


def weighed_by_the_present_policy(run: Run, _: Randomness) -> Run:
    """One stratum: agreements that were drawn at 0.5 weigh what the present floor says."""
    return replace(run, chance=np.where(run.chance < 1, run.chance.min(), 1.0))


def judge_with_guess(run: Run) -> Judged:
    """Version 2 on logged chances: drawn but unread is not drawn, with a guessed payoff."""
    n_cases = len(run.drawn)
    cell = run.champion_label * 2 + run.challenger_label
    floor = run.chance.min()
    p = np.array([[floor, 1.0], [1.0, floor]])
    read = np.flatnonzero(run.drawn & ~run.unread & (run.resolved_at <= n_cases))
    read = read[np.argsort(run.resolved_at[read], kind="stable")]
    times = run.resolved_at[read].astype(np.int64)

    def log_e(payoff: Payoff) -> np.ndarray:
        guess = payoff.guess
        x = guess[..., None] + (payoff.z - guess[..., None]) / p[..., None]
        scale = 1 / max(1.0, -x[payoff.z.any(axis=2)].min())
        unreviewed = np.log1p(guess.reshape(4, 1) * scale * VERSION_2.bets)
        reviewed = np.log1p(x.reshape(8, 1).clip(min=-1 / scale) * scale * VERSION_2.bets)
        base = np.cumsum(unreviewed[cell], axis=0)[times - 1]
        gained = reviewed[cell[read] * 2 + run.truth[read]] - unreviewed[cell[read]]
        return log_mixture(base + np.cumsum(gained, axis=0))

    harm = np.logaddexp(log_e(accuracy_payoff(-1)), log_e(missing_more_payoff())) - log(2)
    safe = log_e(not_missing_more_payoff(VERSION_2.sensitivity_margin))
    gain = np.minimum(log_e(accuracy_payoff(+1)), safe)
    near = (harm >= log(VERSION_2.rollback_evidence) - 1e-9) | (
        gain >= log(VERSION_2.promote_evidence) - 1e-9
    )
    for look in np.flatnonzero(near & (np.arange(len(read)) + 1 >= VERSION_2.min_reviewed)):
        verdict = decide(_counts(run, read[: look + 1], int(times[look]), p), VERSION_2).verdict
        if verdict is not Verdict.KEEP_TESTING:
            return Judged(verdict, int(look) + 1, int(times[look]))
    return Judged(Verdict.KEEP_TESTING, len(read), n_cases)


def _counts(run: Run, read: np.ndarray, time: int, p: np.ndarray) -> PairedCounts:
    """In one stratum; `read` in order of reading."""
    cell = run.champion_label * 2 + run.challenger_label
    outcome = cell[read] * 2 + run.truth[read]
    size = VERSION_2.reviews_per_batch
    batches = outcome[: len(outcome) // size * size].reshape(-1, size)
    by_batch = np.array([np.bincount(batch, minlength=8) for batch in batches], dtype=np.int64)
    return PairedCounts(
        np.bincount(outcome, minlength=8).reshape(1, 2, 2, 2),
        np.bincount(cell[:time], minlength=4).reshape(1, 2, 2),
        np.zeros((0, 2), np.int64),
        np.zeros(0),
        batches=by_batch.reshape(-1, 1, 2, 2, 2),
        propensities=p[None],
    )
