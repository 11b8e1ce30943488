"""What an experiment's counts say under a rule: every case's chance of review, as what it counts,
and the wealth of the bets on it.

The bets themselves live in `evidence`; which figures a verdict rests on in `figures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np

from xray_assets.promotion.counts.checked_arrays import Counts
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.evidence import (
    Payoff,
    accuracy_payoff,
    log_bet_totals,
    log_mixture,
    missing_more_payoff,
)
from xray_assets.promotion.propensity import Floats, review_propensities
from xray_assets.promotion.rule import PromotionRule


@dataclass(frozen=True, eq=False)
class CountedEvidence:
    """The evidence in `counts` for any claim, under one rule.

    A rule with logged chances counts drawn cases alone, the overdue ones as the worst case; one
    that estimates chances counts the unreviewed ones with a guess (`evidence`).
    """

    counts: PairedCounts
    rule: PromotionRule

    @cached_property
    def propensities(self) -> Floats:
        """(G, 2, 2) chance of review of each cell: logged where it was, else estimated.

        A rule with logged chances estimates nothing: without them every scored case must have been
        drawn. Cells of which no case was drawn then have 1: a case that was not drawn must not
        scale the bets on others. Raises ValueError.
        """
        logged, scored = self.counts.propensities, self.counts.scored
        if not self.rule.logs_chances:
            if logged is not None:
                return logged
            return review_propensities(self.counts.reviewed.sum(axis=3), scored)
        drawn = self._outcomes.sum(axis=3)
        used = np.ones(drawn.shape)
        if logged is not None:
            used[drawn > 0] = logged[drawn > 0]
        elif np.any(drawn < scored):
            raise ValueError(
                f"version {self.rule.version} of the rule needs the logged chance of review of "
                "each cell: give `propensities`, or judge by version 2, which estimates them"
            )
        return used

    def totals(self, payoff: Payoff) -> Floats:
        """(n_bets,) log wealth of each bet on a claim, over all cases that count."""
        unreviewed = None
        if not self.rule.logs_chances:
            unreviewed = self.counts.scored - self.counts.reviewed.sum(axis=3)
        return log_bet_totals(
            self._outcomes, self.propensities, payoff, self.rule.bets, unreviewed=unreviewed
        )

    def log_recent(self) -> float:
        """log of the e-detector: the rollback e-value restarted at every batch, summed.

        Where chances are estimated, reviewed cases only: which others belong to a batch is not
        known.
        """
        since = self._since_each_restart
        log_worse, log_missing_more = (
            log_mixture(log_bet_totals(since, self.propensities, payoff, self.rule.bets))
            for payoff in (accuracy_payoff(-1), missing_more_payoff())
        )
        return float(np.logaddexp.reduce(np.logaddexp(log_worse, log_missing_more))) - log(2.0)

    def log_fall_of_better(self) -> float:
        """How far log e_better lies below its highest value after a finished batch; at least 0.

        Were the challenger as good as the bets that had won until then say, 1 / e would be a
        martingale from there on, and a fall by K have a chance of at most 1 / K (Ville). Cases as
        in `log_recent`.
        """
        until = np.concatenate([np.cumsum(self._batches, axis=0), self._outcomes[None]])
        log_better = log_mixture(
            log_bet_totals(until, self.propensities, accuracy_payoff(+1), self.rule.bets)
        )
        return float(log_better.max() - log_better[-1])

    @cached_property
    def _outcomes(self) -> Counts:
        """(G, 2, 2, 2) reviewed counts; (G, 2, 2, 3) with the overdue ones where they count."""
        return self._with_overdue(self.counts.reviewed, self.counts.overdue)

    @cached_property
    def _batches(self) -> Counts:
        """`_outcomes` of each finished batch, (K, ...)."""
        if self.counts.batches is None:
            return self._outcomes[None][:0]
        return self._with_overdue(self.counts.batches, self.counts.overdue_batches)

    def _with_overdue(self, reviewed: Counts, overdue: Counts | None) -> Counts:
        if self.counts.overdue is None or not self.rule.logs_chances:
            return reviewed
        if overdue is None:
            overdue = np.zeros_like(reviewed[..., 0])
        return np.concatenate([reviewed, overdue[..., None]], axis=-1)

    @property
    def _since_each_restart(self) -> Counts:
        """(R, ...) outcomes since restart r; row 0 is everything.

        Cases that no batch holds are the newest, unfinished batch.
        """
        everything = self._outcomes[None]
        if len(self._batches) == 0:
            return everything
        later = everything - np.cumsum(self._batches, axis=0)
        if not later[-1].any():
            later = later[:-1]
        return np.concatenate([everything, later])
