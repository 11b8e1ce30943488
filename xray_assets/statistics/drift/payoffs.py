"""What a film pays to each bet on a change: numbers whose mean is 0 on the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from xray_assets.catalog import FEATURES
from xray_assets.statistics.drift.frames import Films
from xray_assets.statistics.drift.ranks import MOST_BINS, Cells, Ranges, Ranks
from xray_assets.statistics.drift.spaces import cross_fitted

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_RANK, _SPREAD, _OUT, _POSITIVE, _DISAGREE, _MIX, _NEW, _BROKEN = (
    *(0.03, 0.03, 0.01, 0.04, 0.03, 0.05, 0.01, 0.02),
)
"""Relevant changes: of a mean rank (about 0.1 s.d.), of |2 rank - 1|, of the share of films out of
range, called positive, on which the models disagree, from a site, from new sites, that failed."""
OF_RANKS, OF_SHARES = (0.05, 0.15, 0.4, 0.9), (0.5, 1.5, 4.0, 10.0)
"""Bets: the part of its capital that a detector puts on a change."""
UP, DOWN, WIDER, NARROWER, OUTSIDE, MORE, FEWER, UNSEEN, BROKEN = CHANGES = (
    *("up", "down", "wider", "narrower", "outside", "more", "fewer", "unseen", "broken"),
)
"""What a stream speaks for: ranks go up or down, spread wider or narrower; films lie outside of the
baseline's range; more or fewer are called positive (or differ, or are of a site); a site is new;
more requests fail or miss a feature. Of truth streams, a rate goes up."""
POSITIVES = "positives"
_AXES = 8


@dataclass(frozen=True)
class Payoff:
    """A stream of numbers and the change in it that is relevant. lowest: its smallest value."""

    family: str
    stream: str
    change: str
    margin: float
    lowest: float
    bets: tuple[float, ...]


class Payoffs:
    """The payoffs of films against a baseline's films."""

    def __init__(self, films: Films, sites: list[str]) -> None:
        """films: the baseline's; sites: theirs."""
        self.sites = sites
        site, weekend = self.site(films), films.weekday >= 5
        self._cells = Cells(site, weekend, len(sites))
        cell = self._cells.cell(site, weekend)
        self.features = np.flatnonzero(np.isfinite(films.features).mean(axis=0) > 0.5)
        features = films.features[:, self.features]
        self._space, distance = cross_fitted(features, films.patient, 0)
        self._embedding_space, embedded = cross_fitted(films.embedding, films.patient, _AXES)
        values = np.column_stack([features, distance, embedded])
        self._ranks = Ranks(self._cells, films.log_odds[:, 0], values, MOST_BINS)
        self._scores = Ranks(self._cells, np.zeros(len(films)), films.log_odds, 1)
        self._ranges = Ranges(site, values, len(sites))
        self._said = np.array([_means(_said(films)[rows]) for rows in self._cells.members])
        mix = site[:, None] == np.arange(len(sites))
        self._mix = np.array([_means(mix[weekend == end]) for end in (False, True)])
        self.table = list(self._table())
        self.baseline = self._of(films, cell, values, own=True)

    def site(self, films: Films) -> Ints:
        """(N,) index of each film's site in `sites`; -1 where the baseline never saw it."""
        names = np.array([*self.sites, ""])
        order = np.argsort(names[:-1])
        place = np.searchsorted(names[:-1], films.site, sorter=order)
        found = np.append(order, -1)[place]
        return np.where(names[found] == films.site, found, -1)

    def of(self, films: Films) -> Floats:
        """(N, P) payoffs of films, in the order of `table`; NaN where a film has none."""
        cell = self._cells.cell(self.site(films), films.weekday >= 5)
        features = films.features[:, self.features]
        embedded = self._embedding_space.measures(films.embedding)
        values = np.column_stack([features, self._space.measures(features), embedded])
        return self._of(films, cell, values, own=False)

    def _of(self, films: Films, cell: Ints, values: Floats, *, own: bool) -> Floats:
        site = self.site(films)
        rank = self._ranks.of(cell, films.log_odds[:, 0], values, own=own)
        spread = self._ranks.spread(cell, films.log_odds[:, 0], rank)
        rank -= 0.5
        out = self._ranges.outside(site, values)
        score = self._scores.of(cell, np.zeros(len(films)), films.log_odds, own=own) - 0.5
        said = _said(films) - self._said[cell]
        arms = (2 * _off_the_days_mean(films.arm, films.day) * score[:, 0])[:, None]
        mix = (site[:, None] == np.arange(len(self.sites))) - self._mix[
            (films.weekday >= 5).astype(np.int64)
        ]
        answered = np.where(films.failed, np.nan, 1.0)
        incomplete = answered * np.isnan(films.features[:, self.features]).any(axis=1)
        moved = np.column_stack([score, said, arms])
        return np.column_stack(
            [
                *(rank, -rank, spread, -spread, out),
                *(moved, -moved),
                *((site < 0)[:, None].astype(np.float64), mix, -mix),
                *(films.failed[:, None].astype(np.float64), incomplete[:, None]),
            ]
        )

    def _table(self) -> Iterator[Payoff]:
        """What `_of` puts side by side, in its order."""
        names = [("film", FEATURES[index]) for index in self.features.tolist()]
        names += [("film", "distance"), *(("embedding", f"axis {n + 1}") for n in range(_AXES))]
        names.append(("embedding", "distance"))
        for change, margin, lowest, bets in (
            (UP, _RANK, -0.5, OF_RANKS),
            (DOWN, _RANK, -0.5, OF_RANKS),
            (WIDER, _SPREAD, -0.5, OF_RANKS),
            (NARROWER, _SPREAD, -1.0, OF_RANKS),
            (OUTSIDE, _OUT, 0.0, OF_SHARES),
        ):
            for family, name in names:
                yield Payoff(family, name, change, margin, lowest, bets)
        for rank, share in ((UP, MORE), (DOWN, FEWER)):
            yield Payoff("score", "champion", rank, _RANK, -0.5, OF_RANKS)
            # what moves the challenger alone is its experiment's affair, no change of patients
            yield Payoff("operations", "challenger", rank, _RANK, -0.5, OF_RANKS)
            yield Payoff("score", POSITIVES, share, _POSITIVE, -1.0, OF_RANKS)
            yield Payoff("operations", "challenger's positives", share, _POSITIVE, -1.0, OF_RANKS)
            yield Payoff("operations", "disagreement", share, _DISAGREE, -1.0, OF_RANKS)
            yield Payoff("operations", "arms", rank, _RANK, -1.0, OF_RANKS)
        yield Payoff("segment", "sites", UNSEEN, _NEW, 0.0, OF_SHARES)
        for share in (MORE, FEWER):
            for name in self.sites:
                yield Payoff("segment", f"films of {name}", share, _MIX, -1.0, OF_RANKS)
        for name in ("failed requests", "incomplete films"):
            yield Payoff("operations", name, BROKEN, _BROKEN, 0.0, OF_SHARES)


def _said(films: Films) -> Floats:
    """(N, 3) what the champion called positive, the challenger, and whether they differ."""
    differ = np.abs(films.label[:, :1] - films.label[:, 1:])
    return np.column_stack([films.label, differ])


def _off_the_days_mean(values: Floats, day: Ints) -> Floats:
    known = np.isfinite(values)
    _, of = np.unique(day, return_inverse=True)
    total = np.bincount(of, np.where(known, values, 0.0))
    return values - (total / np.maximum(np.bincount(of, known), 1))[of]


def _means(values: NDArray[np.generic]) -> Floats:
    """(S,) mean of the numbers of each column, 0 without one."""
    numbers = values.astype(np.float64)
    known = np.isfinite(numbers)
    return np.where(known, numbers, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
