"""E-detectors: how strongly the days up to now speak for a change, at any day that one looks.

Shiryaev-Roberts in logarithms, M <- L (M + 1), of each stream and bet. L has a mean of at most 1
while nothing relevant changed, so E[M] <= days since the start; a mean of such numbers has it too,
whatever their dependence, and an alarm at M >= c comes on average not once in c days (Shin, Ramdas
& Rinaldo 2022, "E-detectors"). Lowering M (cap, restart) keeps that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Words = NDArray[np.str_]
Chosen = NDArray[np.bool_]

ALL_SITES = ""
"""The bank of all traffic, where a site's name would stand."""
ERRORS = 3.5
"""Standard errors of the baseline in every tolerance. Of 1,000 streams 0.2 lie beyond by chance."""
STAKE = 0.9
"""Part of its capital that a detector may lose on the worst payoff."""
WINDOW = 7
"""Days after which a stream that was up, and pays nothing any more, starts anew."""
_FEWEST = 5
_BEYOND_ALARM = 2.0


@dataclass(frozen=True)
class Streams:
    """J streams: what each is of, what the baseline says of it, and the bets on it.

    centre: mean of the baseline; variance: of a unit; between: of the clusters (days, patients),
    not underrated; error: variance of the centre; tolerance: the rise above it that is no news;
    lowest: the worst payoff, tolerance taken off; weight: sum 1 a family. bets: (J, 4).
    """

    family: Words
    site: Words
    name: Words
    change: Words
    centre: Floats
    variance: Floats
    between: Floats
    error: Floats
    tolerance: Floats
    lowest: Floats
    weight: Floats
    bets: Floats

    def __len__(self) -> int:
        """J."""
        return len(self.centre)

    def __getitem__(self, rows: slice) -> Streams:
        """Some of them."""
        return Streams(*(getattr(self, column.name)[rows] for column in fields(self)))

    def bets_in_force(self, pull: Floats) -> Floats:
        """(J, 4) bets. pull (J,): n x between.

        Days differ: given a day's effect d of variance v, n films multiply to about
        exp(n b (d - t)), whose mean is exp(-n b t + n^2 b^2 v / 2): below 1 while b <= t / (n v),
        with a factor 2 to spare. And 1 + b x stays above 0.
        """
        by_cluster = self.tolerance / np.maximum(pull, 1e-12)
        by_stake = STAKE / np.maximum(-self.lowest, 1e-12)
        return np.minimum(self.bets, np.minimum(by_cluster, by_stake)[:, None])


def joined(parts: list[Streams]) -> Streams:
    """All streams one after another. Of a family's weight all traffic has half, its sites half."""
    columns = {
        column.name: np.concatenate([getattr(part, column.name) for part in parts])
        for column in fields(Streams)
    }
    whole = Streams(**columns)
    for name in np.unique(whole.family):
        everywhere = (whole.family == name) & (whole.site == ALL_SITES)
        apart = (whole.family == name) & (whole.site != ALL_SITES)
        halves = 0.5 if everywhere.any() and apart.any() else 1.0
        for part in (everywhere, apart):
            whole.weight[part] = halves / max(int(part.sum()), 1)
    return whole


@dataclass
class Tally:
    """What a day paid: log factors (J, 4), sums of payoffs and of weights (J,)."""

    log_factor: Floats
    paid: Floats
    weight: Floats

    @classmethod
    def empty(cls, n_streams: int) -> Tally:
        """Of no film."""
        return cls(np.zeros((n_streams, 4)), np.zeros(n_streams), np.zeros(n_streams))

    def beside(self, other: Tally) -> Tally:
        """Of both streams' days."""
        return Tally(
            np.concatenate([self.log_factor, other.log_factor]),
            np.concatenate([self.paid, other.paid]),
            np.concatenate([self.weight, other.weight]),
        )


class Detector:
    """The state of J streams x 4 bets, and their last days."""

    def __init__(self, weight: Floats, alarm: float) -> None:
        """weight: (J,) of each stream in the mean over everything."""
        n = len(weight)
        self.log_alarm = float(np.log(alarm))
        self._cap = self.log_alarm + _BEYOND_ALARM - np.log(np.maximum(weight, 1e-12) / 4)
        self.log_m = np.full((n, 4), -np.inf)
        self.days_up = np.zeros(n, dtype=np.int64)
        self.paid = np.zeros((WINDOW, n))
        self.weight = np.zeros((WINDOW, n))

    def observe(self, day: Tally) -> None:
        """One more day. A stream that nobody paid into does not age."""
        grown = np.minimum(np.logaddexp(self.log_m, 0.0) + day.log_factor, self._cap[:, None])
        self.log_m = np.where((day.weight > 0)[:, None], grown, self.log_m)
        self.paid = np.vstack([self.paid[1:], day.paid])
        self.weight = np.vstack([self.weight[1:], day.weight])
        needed = np.where(self.days_up > 0, self.log_alarm / 2, self.log_alarm)
        self.days_up = np.where(self.log_e >= needed, self.days_up + 1, 0)
        over = (
            (self.days_up >= WINDOW)
            & (self.weight.sum(axis=0) >= _FEWEST)
            & (self.paid.sum(axis=0) <= 0)
        )
        self.restart(over)

    @property
    def log_e(self) -> Floats:
        """(J,) log of the mean over bets."""
        return np.logaddexp.reduce(self.log_m, axis=1) - np.log(4)

    def restart(self, which: Chosen | None = None) -> None:
        """Streams begin anew; all of them without an argument."""
        chosen = slice(None) if which is None else which
        self.log_m[chosen] = -np.inf
        self.days_up[chosen] = 0

    def last(self, enough: float) -> tuple[Floats, Floats]:
        """(J,) sums of payoffs and weights of the last day, or of the last two or three where a
        stream has fewer than `enough`.
        """
        paid, weight = self.paid[-1].copy(), self.weight[-1].copy()
        for back in (2, 3):
            more = weight < enough
            paid += np.where(more, self.paid[-back], 0.0)
            weight += np.where(more, self.weight[-back], 0.0)
        return paid, weight


def log_mean(log_e: Floats, weight: Floats) -> float:
    """log of the weighted mean of e-detectors given as logs; weights sum to 1."""
    return float(np.logaddexp.reduce(log_e + np.log(weight))) if len(log_e) else -np.inf


def flagged(log_e: Floats, weight: Floats, log_alarm: float) -> Chosen:
    """(J,) which streams to show for an alarm of their mean: e-d-BH (Dandapanthula & Ramdas 2025)
    with weights. The k streams of which each gives at least 1/k of the alarm; at least the first.
    """
    given = log_e + np.log(weight)
    order = np.argsort(-given, kind="stable")
    enough = np.flatnonzero(given[order] >= log_alarm - np.log(np.arange(1, len(given) + 1)))
    chosen = np.zeros(len(given), dtype=np.bool_)
    chosen[order[: enough[-1] + 1 if len(enough) else 1]] = True
    return chosen
