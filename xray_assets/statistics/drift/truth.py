"""What reads say: misses, false alarms, and truth given the model's score.

Reads are few, chosen and clustered, so three things keep a change of the *choice* from looking like
a change of the model. Each read weighs f / p: p its logged chance, f the lowest chance in force up
to then, so that disagreements that are all read weigh no more than they would have. What a
patient's several films have in common limits the bets. And each tolerance holds the baseline's own
error, by Wilson's interval on the effective number of its patients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.drift.banks import LEVEL
from xray_assets.statistics.drift.detector import ALL_SITES, Streams, Tally
from xray_assets.statistics.drift.frames import Reads
from xray_assets.statistics.drift.payoffs import UP
from xray_assets.statistics.intervals import wilson

Floats = NDArray[np.float64]

MISSES, FALSE_ALARMS = "misses", "false alarms"
HARMS = {MISSES: 0.03, FALSE_ALARMS: 0.04}
"""Rates of harm and the rise of each that is relevant."""
GIVEN_SCORE = 0.05
"""Relevant change of the share of disease among films of like score."""
LOWEST_CHANCE = 0.03
"""Chances below weigh like this one: no read speaks for more than 33."""
_BETS = (0.15, 0.4, 1.0, 2.2)
_FEWEST, _FEWEST_OF_A_SITE = 20, 50


def rates(reads: Reads, middle: tuple[float, float]) -> Iterator[tuple[str, float, Floats]]:
    """Name, relevant rise and (R,) values of each rate that must not rise: 1 where the read counts
    for it, 0 where against, NaN where it says nothing.

    middle: the log odds that part the sure from the unsure answers, of negatives and of positives.
    """
    truth, label = reads.truth.astype(np.float64), reads.label
    yield MISSES, HARMS[MISSES], np.where(reads.truth, ~label, np.nan)
    yield FALSE_ALARMS, HARMS[FALSE_ALARMS], np.where(~reads.truth, label, np.nan)
    for called, name in ((False, "negative"), (True, "positive")):
        beyond = (reads.log_odds >= middle[called]) == called
        for sure in (True, False):
            among = np.where((label == called) & (beyond == sure), truth, np.nan)
            stratum = f"{'sure' if sure else 'unsure'} {name}"
            yield f"disease among {stratum}", GIVEN_SCORE, among
            yield f"health among {stratum}", GIVEN_SCORE, 1 - among


class Truth:
    """The streams of reads against the baseline's reads."""

    def __init__(self, reads: Reads, sites: list[str], siblings: float) -> None:
        """reads: the baseline's; sites: those judged alone; siblings: how many more films of its
        patient there are in 30 days, for the average film.
        """
        self._middle = (_median(reads, called=False), _median(reads, called=True))
        self._siblings = siblings
        self.floor = float(np.clip(reads.chance.min(initial=1.0), LOWEST_CHANCE, 1.0))
        rows = [row for site in (ALL_SITES, *sites) for row in self._bank(reads, site)]
        self._columns = [column for column, *_ in rows]
        numbers = np.array([row[3:] for row in rows], dtype=np.float64).reshape(-1, 3)
        centre, self.effective, tolerance = numbers.T
        limit = np.clip(centre + tolerance, 0, 1)
        self.streams = Streams(
            family=np.full(len(rows), "truth"),
            site=np.array([site for _, site, *_ in rows], dtype=np.str_),
            name=np.array([name for _, _, name, *_ in rows], dtype=np.str_),
            change=np.full(len(rows), UP),
            centre=centre,
            variance=centre * (1 - centre),
            between=limit * (1 - limit) * siblings,
            error=centre * (1 - centre) / np.maximum(self.effective, 1),
            tolerance=tolerance,
            lowest=-(centre + tolerance),
            weight=np.ones(len(rows)),
            bets=np.tile(np.array([_BETS]), (len(rows), 1)),
        )

    def _bank(self, reads: Reads, site: str) -> Iterator[tuple[int, str, str, float, float, float]]:
        """Of each rate with enough reads: its column, site, name, the rate, what its reads are
        worth as a number of patients, and its tolerance.
        """
        fewest = _FEWEST if site == ALL_SITES else _FEWEST_OF_A_SITE
        here = reads if site == ALL_SITES else reads[reads.site == site]
        weight = 1 / np.maximum(here.chance, LOWEST_CHANCE)
        for column, (name, margin, values) in enumerate(rates(here, self._middle)):
            known = np.isfinite(values)
            _, of = np.unique(here.patient[known], return_inverse=True)
            by_patient = np.bincount(of, weight[known])
            worth = float(by_patient.sum() ** 2 / max((by_patient**2).sum(), 1e-12))
            if worth >= fewest:
                rate = float(np.average(values[known], weights=weight[known]))
                above = float(wilson(rate * worth, worth, level=LEVEL).high) - rate
                yield column, site, name, rate, worth, max(margin, above)

    @property
    def discrimination(self) -> float:
        """Sensitivity + specificity - 1 of the baseline's reads, at least 0.2; 1 without reads."""
        everywhere = self.streams.site == ALL_SITES
        harm = everywhere & np.isin(self.streams.name, list(HARMS))
        return max(1.0 - float(self.streams.centre[harm].sum()), 0.2)

    def values(self, reads: Reads) -> tuple[Floats, Floats]:
        """(R, J) rates' values of each stream, NaN where a read is none of its; (R,) weights."""
        self.floor = float(np.clip(reads.chance.min(initial=self.floor), LOWEST_CHANCE, 1.0))
        every = np.column_stack([values for _, _, values in rates(reads, self._middle)])
        site = self.streams.site
        mine = (site == ALL_SITES) | (reads.site[:, None] == site)
        values = np.where(mine, every[:, self._columns], np.nan)
        return values, np.minimum(self.floor / reads.chance, 1.0)

    def tally(self, values: Floats, weight: Floats) -> Tally:
        """What the reads of a day pay."""
        x = np.nan_to_num(values - self.streams.centre - self.streams.tolerance)
        x *= weight[:, None]
        known = np.isfinite(values) * weight[:, None]
        stakes = self.streams.bets_in_force(self.floor * self.streams.between)
        factors = np.log1p(x[:, :, None] * stakes).sum(axis=0)
        return Tally(factors, x.sum(axis=0), known.sum(axis=0))


def _median(reads: Reads, *, called: bool) -> float:
    chosen = reads.log_odds[reads.label == called]
    return float(np.median(chosen)) if len(chosen) else 0.0
