"""Drawing the cases of many runs: labels, truths, logged chances, draws, and when each is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.promotion.queue.readings import Reading
from benchmarks.promotion.scenarios import Scenario
from xray_assets.catalog import DUE, NOT_DRAWN, OVERDUE, SETTLED
from xray_assets.promotion import PromotionRule
from xray_assets.promotion.evidence import log_mixture

RULE = PromotionRule()
LATER = 400
"""Cases by which negatives are read after positives, where those come first."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Run:
    """One experiment, (T,) each, in scoring order.

    truth: as it is read. resolved_at: the number of scored cases at which a drawn one is settled,
    or overdue where `unread`; a read that would come later still is not simulated.
    """

    champion_label: Flags
    challenger_label: Flags
    truth: Flags
    served_challenger: Flags
    chance: NDArray[np.float64]
    drawn: Flags
    unread: Flags
    resolved_at: NDArray[np.float64]

    def at(self, time: float) -> dict[str, Any]:
        """The columns of `decide_cases` when `time` cases had been scored."""
        until = slice(0, int(time))
        drawn, unread = self.drawn[until], self.unread[until]
        resolved = self.resolved_at[until] <= time
        ended = np.where(unread, OVERDUE, SETTLED)
        return {
            "chance": self.chance[until],
            "drawn": drawn,
            "served_challenger": self.served_challenger[until],
            "champion_label": self.champion_label[until],
            "challenger_label": self.challenger_label[until],
            "truth": np.where(resolved & ~unread, self.truth[until].astype(float), np.nan),
            "state": np.where(drawn, np.where(resolved, ended, DUE), NOT_DRAWN),
        }

    def reads_until(self, time: float) -> int:
        """Cases read by then, whether they count or not."""
        return int((self.drawn & ~self.unread & (self.resolved_at <= time)).sum())


def draw(
    scenario: Scenario, reading: Reading, *, n_runs: int, n_cases: int, seed: int
) -> Iterator[Run]:
    """Runs of (T = n_cases) cases, one at a time; drawn in hundreds."""
    rng = np.random.default_rng(seed)
    for first in range(0, n_runs, 100):
        shape = (min(100, n_runs - first), n_cases)
        code = np.searchsorted(np.cumsum(cells(scenario))[:-1], rng.random(shape), side="right")
        champion, challenger, truth = (code >> 2 & 1 == 1, code >> 1 & 1 == 1, code & 1 == 1)
        differ = champion != challenger
        only_challenger = differ & (challenger == truth)  # is right
        floor = np.full(shape, reading.floor)
        floor[:, : reading.raised_until] = 0.5
        if reading.follows:
            floor = _floors_that_follow(differ, only_challenger)
        chance = np.where(differ, 1.0, floor)
        only_champion = differ & ~only_challenger
        challenger_errs, champion_errs, elsewhere = reading.unread
        unread_share = np.select(
            [only_challenger, only_champion], [champion_errs, challenger_errs], elsewhere
        )
        scored_at = np.arange(1, n_cases + 1, dtype=np.float64)
        wait = rng.exponential(reading.delay, shape) if reading.delay else np.zeros(shape)
        if reading.positives_first:
            wait += np.where(truth, 0, LATER)
        unread = (rng.random(shape) < unread_share) | (wait > reading.due_after)
        columns = {
            "champion_label": champion,
            "challenger_label": challenger,
            "truth": truth,
            "served_challenger": rng.random(shape) < scenario.share,
            "chance": chance,
            "drawn": rng.random(shape) < chance,
            "unread": unread,
            "resolved_at": np.ceil(scored_at + np.where(unread, reading.due_after, wait)),
        }
        for row in range(shape[0]):
            yield Run(**{name: column[row] for name, column in columns.items()})


def cells(scenario: Scenario) -> NDArray[np.float64]:
    """(8,) chances of [champion label, challenger label, truth].

    Within each truth both models err with chance e1 e2 + common (min(e1, e2) - e1 e2).
    """
    chances = np.zeros((2, 2, 2))
    for truth, right, share in (
        (1, scenario.sensitivity, scenario.prevalence),
        (0, scenario.specificity, 1 - scenario.prevalence),
    ):
        champion, challenger = 1 - right[0], 1 - right[1]
        both = champion * challenger
        both += scenario.common * (min(champion, challenger) - both)
        wrong = 1 - truth
        chances[wrong, wrong, truth] = share * both
        chances[wrong, truth, truth] = share * (champion - both)
        chances[truth, wrong, truth] = share * (challenger - both)
        chances[truth, truth, truth] = share * (1 - champion - challenger + both)
    return chances.ravel()


def _floors_that_follow(differ: Flags, only_challenger: Flags) -> NDArray[np.float64]:
    """(R, T) floors of a policy that looks at the evidence: many agreements are read while the
    challenger leads, few while it trails, as one would who wants a PROMOTE soon.
    """
    floors = np.empty(differ.shape)
    wealth = np.zeros((len(differ), len(RULE.bets)))
    won, lost = np.log1p(RULE.bets), np.log1p(-RULE.bets)
    for case in range(differ.shape[1]):
        log_e = log_mixture(wealth)
        floors[:, case] = np.select([log_e > log(5), log_e > 0], [0.5, 0.1], 0.03)
        wealth += np.where(only_challenger[:, case, None], won, lost) * differ[:, case, None]
    return floors
