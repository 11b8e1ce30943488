"""What reads say: misses, false alarms, and truth given the champion's score.

Reads are few, chosen and clustered, so three things keep a change of the *choice* from looking like
a change of the model. Each read weighs f / p: p its logged chance, f the lowest chance in force up
to then, so that disagreements that are all read weigh no more than they would have. What a
patient's several films have in common limits the bets. And each tolerance holds the baseline's own
error, on the effective number of its patients.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import erf, sqrt

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.drift.detector import ALL_SITES, Streams, Tally
from xray_assets.statistics.drift.frames import Reads
from xray_assets.statistics.drift.payoffs import UP
from xray_assets.statistics.intervals import wilson

Floats = NDArray[np.float64]

MISSES, FALSE_ALARMS = "misses", "false alarms"
HARMS = {MISSES: 0.03, FALSE_ALARMS: 0.04}
"""Rates of harm and the rise of each that is relevant."""
HIDDEN = {"disease in films scored healthy": 0.05, "health in films scored diseased": 0.05}
"""Shares h of the films, and the rise of each that is relevant: where the baseline has disease in a
share m of the films of a score, it is in m + h (1 - m) of them now; and the other way round."""
LOWEST_CHANCE = 0.03
"""Chances below weigh like this one: no read speaks for more than 33."""
_ERRORS = 3.0
"""Standard errors of the baseline in every tolerance: there are few streams."""
_BETS, _BETS_ON_HIDDEN = (0.15, 0.4, 1.0, 2.2), (0.8, 2.0, 5.0, 12.0)
_FEWEST, _FEWEST_OF_A_SITE = 20, 50
_UNIT = 0.05
_READS_OF_A_BIN, _MOST_BINS = 60, 8


class Truth:
    """The streams of reads against the baseline's reads."""

    def __init__(self, reads: Reads, sites: list[str], siblings: float) -> None:
        """reads: the baseline's; sites: those judged alone; siblings: how many more films of its
        patient there are in 30 days, for the average film.
        """
        weight = 1 / np.maximum(reads.chance, LOWEST_CHANCE)
        n_bins = int(np.clip(len(reads) // _READS_OF_A_BIN, 1, _MOST_BINS))
        inner = np.linspace(0, 1, n_bins + 1)[1:-1]
        self._edges = np.unique(np.quantile(reads.log_odds, inner)) if len(reads) else np.empty(0)
        of = np.searchsorted(self._edges, reads.log_odds, side="right")
        mean = weight.mean() if len(reads) else 1.0
        n = np.bincount(of, weight, len(self._edges) + 1) / mean
        ill = np.bincount(of, weight * reads.truth, len(self._edges) + 1) / mean
        self._disease = (ill + 0.5) / (n + 1)
        self.floor = float(np.clip(reads.chance.min(initial=1.0), LOWEST_CHANCE, 1.0))
        rows = [row for site in (ALL_SITES, *sites) for row in self._bank(reads, weight, site)]
        numbers = np.array([row[2:] for row in rows], dtype=np.float64).reshape(-1, 6)
        centre, self.worth, tolerance, variance, scale, lowest = numbers.T
        name = np.array([name for _, name, *_ in rows], dtype=np.str_)
        hidden = np.isin(name, list(HIDDEN))
        self.streams = Streams(
            family=np.full(len(rows), "truth"),
            site=np.array([site for site, *_ in rows], dtype=np.str_),
            name=name,
            change=np.full(len(rows), UP),
            centre=centre,
            variance=variance / scale**2,
            between=variance / scale * siblings,
            error=np.where(hidden, 1.0, variance) / self.worth,
            tolerance=tolerance,
            lowest=lowest,
            weight=np.ones(len(rows)),
            bets=np.where(hidden[:, None], _BETS_ON_HIDDEN, _BETS),
        )

    def _bank(self, reads: Reads, weight: Floats, site: str) -> Iterator[tuple[str | float, ...]]:
        """Of each stream with enough reads: site, name, centre, what its reads are worth (of a
        rate, as a number of patients), tolerance, variance of a payoff, its scale, the worst one.
        """
        fewest = _FEWEST if site == ALL_SITES else _FEWEST_OF_A_SITE
        here = np.full(len(reads), True) if site == ALL_SITES else reads.site == site
        for name, value in harms(reads):
            known = here & np.isfinite(value)
            worth = _worth(weight[known], reads.patient[known])
            if worth >= fewest:
                rate = float(np.average(value[known], weights=weight[known]))
                above = float(wilson(rate * worth, worth, level=erf(_ERRORS / sqrt(2))).high)
                limit = max(rate + HARMS[name], above)
                spread = min(limit, 1.0) * (1 - min(limit, 1.0))
                yield site, name, rate, worth, limit - rate, spread, 1.0, -limit
        if _worth(weight[here], reads.patient[here]) < 2 * fewest:
            return
        for name, (value, expected) in zip(HIDDEN, self._beside(reads[here]), strict=True):
            odds = (1 - expected) / expected
            informed = weight[here] * odds
            worth = _worth(informed, reads.patient[here], weight[here] * np.sqrt(odds))
            share = float(np.average((value - expected) / (1 - expected), weights=informed))
            tolerance = max(HIDDEN[name], _ERRORS / sqrt(worth))  # 1 / worth: variance of share
            limit = expected + np.clip(share + tolerance, 0.0, 1.0) * (1 - expected)
            scale = _UNIT * float(np.average((1 - expected) / limit, weights=weight[here]))
            spread = _UNIT**2 * float(np.average((1 - limit) / limit, weights=weight[here]))
            yield site, name, share, worth, tolerance, spread, scale, -_UNIT

    def _beside(self, reads: Reads) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Disease and how much of it the score had in the baseline; the same for health."""
        of = np.searchsorted(self._edges, reads.log_odds, side="right")
        truth, expected = reads.truth.astype(np.float64), self._disease[of]
        return (truth, expected), (1 - truth, 1 - expected)

    @property
    def discrimination(self) -> float:
        """Sensitivity + specificity - 1 of the baseline's reads, at least 0.2; 1 without reads."""
        everywhere = self.streams.site == ALL_SITES
        harm = everywhere & np.isin(self.streams.name, list(HARMS))
        return max(1.0 - float(self.streams.centre[harm].sum()), 0.2)

    def payoffs(self, reads: Reads) -> tuple[Floats, Floats, Floats]:
        """(R, J) payoffs, tolerance taken off, and what each is worth in units of its rate: NaN and
        0 where a read is none of a stream's; (R,) weights of the reads.
        """
        self.floor = float(np.clip(reads.chance.min(initial=self.floor), LOWEST_CHANCE, 1.0))
        s = self.streams
        paid, scale = np.full((2, len(reads), len(s)), np.nan)
        by_name = dict(harms(reads))
        beside = dict(zip(HIDDEN, self._beside(reads), strict=True))
        for stream, name in enumerate(s.name.tolist()):
            limit = s.centre[stream] + s.tolerance[stream]
            if name in by_name:
                paid[:, stream], scale[:, stream] = by_name[name] - limit, 1.0
                continue
            value, expected = beside[name]
            boundary = expected + np.clip(limit, 0.0, 1.0) * (1 - expected)
            paid[:, stream] = _UNIT * (value / boundary - 1)
            scale[:, stream] = _UNIT * (1 - expected) / boundary
        mine = (s.site == ALL_SITES) | (reads.site[:, None] == s.site)
        paid[~mine] = np.nan
        weight = np.minimum(self.floor / reads.chance, 1.0)
        return paid, np.where(np.isfinite(paid), scale, 0.0), weight

    def tally(self, paid: Floats, scale: Floats, weight: Floats) -> Tally:
        """What the reads of a day pay."""
        x = np.nan_to_num(paid) * weight[:, None]
        stakes = self.streams.bets_in_force(self.floor * self.streams.between)
        factors = np.log1p(x[:, :, None] * stakes).sum(axis=0)
        return Tally(factors, x.sum(axis=0), (scale * weight[:, None]).sum(axis=0))


def harms(reads: Reads) -> Iterator[tuple[str, Floats]]:
    """Each rate of harm with (R,) 1 where the read counts for it, 0 against, NaN where neither."""
    yield MISSES, np.where(reads.truth, ~reads.label, np.nan)
    yield FALSE_ALARMS, np.where(~reads.truth, reads.label, np.nan)


def _worth(weight: Floats, patient: NDArray[np.int64], error: Floats | None = None) -> float:
    """Kish's effective number of patients (sum w)^2 / sum (w of a patient)^2. error: weights times
    the standard deviation of each read, where they have not the same.
    """
    _, of = np.unique(patient, return_inverse=True)
    by_patient = np.bincount(of, weight if error is None else error)
    return float(weight.sum() ** 2 / max((by_patient**2).sum(), 1e-12))
