"""The streams of films: payoffs of all traffic and of each site, against the baseline's own.

The unit is a patient's day: six films of one patient are one observation.
"""

from __future__ import annotations

from itertools import pairwise
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.drift.detector import ALL_SITES, ERRORS, Streams, Tally, joined
from xray_assets.statistics.drift.frames import Films
from xray_assets.statistics.drift.payoffs import Payoff, Payoffs
from xray_assets.statistics.intervals import wilson

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_ERRORS = 2.0
"""Standard deviations between days in every tolerance."""
FEWEST = 100
"""Units of the baseline below which a stream is not judged."""
_LEVEL = erf(ERRORS / sqrt(2))
_AT_ONCE = 10_000
"""Units whose payoffs are in memory at once."""


class Banks:
    """The streams of films against a baseline."""

    def __init__(self, films: Films, sites: list[str]) -> None:
        """films: the baseline's; sites: theirs."""
        self.payoffs = Payoffs(films, sites)
        site = self.payoffs.site(films)
        baseline, first = units(self.payoffs.baseline, films.day, films.patient, site)
        del self.payoffs.baseline
        site, day = site[first], films.day[first]
        self._banks: list[tuple[int, NDArray[np.bool_]]] = []
        parts: list[Streams] = []
        for index in range(-1, len(sites)):
            here = (site == index) | (index < 0)
            if index >= 0 and (len(sites) == 1 or here.sum() < FEWEST):
                continue
            name = ALL_SITES if index < 0 else sites[index]
            part, judged = _streams(self.payoffs.table, baseline[here], day[here], name)
            self._banks.append((index, judged))
            parts.append(part)
        self.streams = joined(parts)
        self._slices = np.cumsum([0, *(len(part) for part in parts)])

    @property
    def sites(self) -> list[str]:
        """Sites that are judged alone."""
        return [self.payoffs.sites[index] for index, _ in self._banks if index >= 0]

    def tally(self, films: Films) -> Tally:
        """What the films of one day pay."""
        out = Tally.empty(len(self.streams))
        if not len(films):
            return out
        site = self.payoffs.site(films)
        new = np.r_[True, (np.diff(films.patient) != 0) | (np.diff(site) != 0)]
        starts = np.flatnonzero(new)
        of_unit = site[starts]
        n = [np.sum((of_unit == index) | (index < 0)) for index, _ in self._banks]
        pull = np.repeat(np.array(n), np.diff(self._slices)) * self.streams.between
        stakes = self.streams.bets_in_force(pull)
        cuts = [*starts[::_AT_ONCE].tolist(), len(films)]
        for start, end in pairwise(cuts):
            part = slice(start, end)
            paid, first = units(self.payoffs.of(films[part]), films.patient[part], site[part])
            self._add(out, paid, site[part][first], stakes)
        return out

    def _add(self, out: Tally, paid: Floats, site: Ints, stakes: Floats) -> None:
        for number, (index, judged) in enumerate(self._banks):
            here = slice(self._slices[number], self._slices[number + 1])
            streams = self.streams[here]
            x = paid[:, judged] if index < 0 else paid[site == index][:, judged]
            known = np.isfinite(x)
            x = np.where(known, x - (streams.centre + streams.tolerance), 0.0)
            for bet in range(4):
                factor = np.log1p(x * stakes[here, bet])
                out.log_factor[here, bet] += factor.sum(axis=0)
            out.paid[here] += x.sum(axis=0)
            out.weight[here] += known.sum(axis=0)


def units(payoffs: Floats, *of: Ints) -> tuple[Floats, Ints]:
    """(U, P) mean payoffs of the films that agree in every key, and the first film of each (U,).
    NaN where no film of a unit has a number.
    """
    order = np.lexsort(of[::-1])
    keys = np.column_stack(of)[order]
    first = np.flatnonzero(np.r_[True, (keys[1:] != keys[:-1]).any(axis=1)])
    ordered = payoffs[order]
    if len(first) == len(payoffs):
        return ordered, order
    known = np.isfinite(ordered)
    n = np.add.reduceat(known, first, axis=0, dtype=np.float64)
    total = np.add.reduceat(np.where(known, ordered, 0.0), first, axis=0)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan), order[first]


def _streams(
    payoffs: list[Payoff], baseline: Floats, day: Ints, site: str
) -> tuple[Streams, NDArray[np.bool_]]:
    """The streams of a bank from its (U, P) baseline units, each of a day (U,); and (P,) which of
    the payoffs they are: those with enough units, the mix of sites in all traffic alone.
    """
    n = np.isfinite(baseline).sum(axis=0)
    mixed = np.array([payoff.family == "segment" for payoff in payoffs])
    judged = (n >= FEWEST) & ((site == ALL_SITES) | ~mixed)
    chosen = [payoff for payoff, kept in zip(payoffs, judged.tolist(), strict=True) if kept]
    x, n = baseline[:, judged], n[judged].astype(np.float64)
    centre = np.nan_to_num(x).sum(axis=0) / n
    off = np.where(np.isfinite(x), x - centre, 0.0)
    one_day = (np.unique(day)[:, None] == day).astype(np.float64)
    each, sums = one_day @ np.isfinite(x), one_day @ off
    variance = (off**2).sum(axis=0) / n
    between, noise = _between_days(sums, each, (off**2).sum(axis=0))
    error = variance / n + between * (each**2).sum(axis=0) / n**2
    lowest = np.array([payoff.lowest for payoff in chosen])
    tolerance = np.maximum.reduce(
        [
            np.array([payoff.margin for payoff in chosen]),
            np.where(lowest < 0, ERRORS * np.sqrt(error), _share_error(centre, n, error)),
            DAY_ERRORS * np.sqrt(between),
        ]
    )
    streams = Streams(
        family=np.array([payoff.family for payoff in chosen], dtype=np.str_),
        site=np.full(len(chosen), site),
        name=np.array([payoff.stream for payoff in chosen], dtype=np.str_),
        change=np.array([payoff.change for payoff in chosen], dtype=np.str_),
        centre=centre,
        variance=variance,
        between=between + noise,
        error=error,
        tolerance=tolerance,
        lowest=lowest - centre - tolerance,
        weight=np.ones(len(chosen)),
        bets=np.array([payoff.bets for payoff in chosen]).reshape(-1, 4),
    )
    return streams, judged


def _share_error(share: Floats, n: Floats, error: Floats) -> Floats:
    """(P,) how far Wilson's upper bound lies above a share, on as many units as its error is of."""
    share = np.clip(share, 0.0, 1.0)
    worth = np.where(error > 0, share * (1 - share) / np.maximum(error, 1e-300), n)
    n = np.minimum(n, np.maximum(worth, 1.0))
    return wilson(share * n, n, level=_LEVEL).high - share


def _between_days(sums: Floats, each: Floats, squares: Floats) -> tuple[Floats, Floats]:
    """(P,) variance between days beyond sampling (analysis of variance), and its standard error.

    sums: (D, P) sums of a day off the mean; each: (D, P) units; squares: (P,) sum of squares.
    """
    n, days = each.sum(axis=0), (each > 0).sum(axis=0)
    free = np.maximum(days - 1, 1)
    between = (sums**2 / np.maximum(each, 1)).sum(axis=0)
    within = (squares - between) / np.maximum(n - days, 1)
    typical = np.maximum((n - (each**2).sum(axis=0) / n) / free, 1)
    mean_square = between / free
    return np.maximum(mean_square - within, 0) / typical, mean_square / typical * np.sqrt(2 / free)
