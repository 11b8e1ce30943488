"""No harm shown: the reads since the alarm exclude that either rate of harm rose by its margin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.drift.detector import STAKE
from xray_assets.statistics.drift.truth import HARMS, Truth
from xray_assets.statistics.intervals import wilson

Floats = NDArray[np.float64]

ERROR_RATE = 0.05
LASTS = 28
"""Days after which it has to be shown anew."""
GROWN = 1.5
"""Growth of the effect with which it has to be shown anew."""
_LEVEL = 0.9


class NoHarm:
    """Bets against harm, from the alarm on: the mirror of the detectors that prove it.

    Each is an e-process for "the rate lies at or above the baseline's, plus its error, plus the
    margin"; at 1 / alpha that is rejected, at whatever day one looks (Ville's inequality). alpha is
    0.05 over both harms and over the sites that are looked at.
    """

    def __init__(self, truth: Truth) -> None:
        streams = truth.streams
        self.rows = np.flatnonzero(np.isin(streams.name, list(HARMS)))
        self.site = streams.site[self.rows]
        margin = np.array([HARMS[name] for name in streams.name[self.rows].tolist()])
        centre = streams.centre[self.rows]
        n = truth.worth[self.rows]
        self.bound = np.minimum(wilson(centre * n, n, level=_LEVEL).high + margin, 1.0)
        self.margin = margin
        self.since = -1
        self.log_k = np.zeros((len(self.rows), 4))
        self.shown_on = np.full(len(self.rows), -1)
        self.effect = 0.0

    def begin(self, day: int) -> None:
        """An alarm: only films from this day on count. -1 ends it."""
        self.since = day
        self.log_k[:] = 0.0
        self.shown_on[:] = -1

    def observe(self, truth: Truth, paid: Floats, weight: Floats) -> None:
        """Reads of films drawn since the alarm: payoffs and weights of `Truth.payoffs`."""
        streams = truth.streams
        limit = (streams.centre + streams.tolerance)[self.rows]
        x = np.nan_to_num(self.bound - limit - paid[:, self.rows]) * weight[:, None]
        pull = truth.floor * streams.between[self.rows]
        stake = np.minimum(STAKE / np.maximum(1 - self.bound, 1e-9), self.margin / (pull + 1e-9))
        stakes = np.minimum(streams.bets[self.rows], stake[:, None])
        self.log_k += np.log1p(x[:, :, None] * stakes).sum(axis=0)

    def shown(self, sites: list[str], day: int, effect: float) -> dict[str, float]:
        """By site, the highest rate that is excluded; of the sites that are looked at, those where
        both harms are. effect: how large the drift is today.
        """
        lapsed = (self.shown_on >= 0) & (
            (day - self.shown_on >= LASTS) | (effect > GROWN * self.effect)
        )
        self.log_k[lapsed] = 0.0
        self.shown_on[lapsed] = -1
        log_e = np.logaddexp.reduce(self.log_k, axis=1) - np.log(4)
        enough = log_e >= np.log(len(HARMS) * max(len(sites), 1) / ERROR_RATE)
        fresh = enough & (self.shown_on < 0)
        if fresh.any():
            self.shown_on[fresh] = day
            self.effect = effect
        out: dict[str, float] = {}
        for site in sites:
            here = self.site == site
            if here.sum() == len(HARMS) and (self.shown_on[here] >= 0).all():
                out[site] = float(self.bound[here].max())
        return out
