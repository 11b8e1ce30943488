"""What the monitor says of one day, and how that follows from the detectors."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.statistics.drift.detector import (
    ALL_SITES,
    Detector,
    Streams,
    flagged,
    log_mean,
)
from xray_assets.statistics.drift.levels import DRIFT, Findings, Level
from xray_assets.statistics.drift.payoffs import (
    DOWN,
    FEWER,
    MORE,
    NARROWER,
    OUTSIDE,
    POSITIVES,
    UNSEEN,
    UP,
)
from xray_assets.statistics.drift.truth import HARMS

Floats = NDArray[np.float64]

NO_BASELINE, NO_ROWS, TOO_FEW_ROWS, FEATURES_MISSING, SCORES_MISSING, NO_HARM_SHOWN = REASONS = (
    "baseline_too_small",
    "no_rows",
    "too_few_rows",
    "features_missing",
    "scores_missing",
    "no_harm_shown",
)
"""Codes of `Day.reasons`: why a day is UNKNOWN, or why its level was lowered."""
_ENOUGH = 200.0
"""Units from which one day is enough to say how large a change is; else up to three days."""
_INTERVAL = 1.96
_FALLS = (DOWN, NARROWER, FEWER)
_A_NUMBER_A_BET = pl.List(pl.Float64)
_NOTHING = -99.0
"""Shown for the log of no evidence at all."""


@dataclass(frozen=True, eq=False)
class Day:
    """A judged day.

    level: the evidence of this day, before any state machine: it falls by itself.
    kind: "" | prevalence | covariate | segment | performance | concept | operations.
    review_fractions: by site, the share of tomorrow's films that a reader should see.
    log_evidence: log of the mean e-detector over all families; an alarm from log 2,000.
    evidence: a row for each family, site ("" = all) and stream: log_m (a number a bet), log_e,
    payoff_mean, n_units, tolerance, shift with its sign and shift_low, shift_high (95 %), flagged.
    families: those whose evidence is up. harm: sites with proven harm ("" = all). no_harm: by site,
    the highest rate of misses or of false alarms that the reads since the alarm exclude.
    off_support: share of films whose embedding lies where the baseline has none.
    """

    day: int
    level: Level
    kind: str
    review_fractions: dict[str, float]
    log_evidence: float
    evidence: pl.DataFrame
    families: tuple[str, ...] = ()
    harm: tuple[str, ...] = ()
    no_harm: dict[str, float] = field(default_factory=dict[str, float])
    reasons: tuple[str, ...] = ()
    off_support: float = 0.0

    @property
    def flagged(self) -> pl.DataFrame:
        """The rows of `evidence` to show and to act on."""
        return self.evidence.filter(pl.col("flagged"))


class Evidence:
    """The detectors' state as findings: which families are up, in which streams, how large.

    up: (F + 1,) whether there is an alarm, and whether each family is up in it.
    """

    def __init__(self, streams: Streams, detector: Detector, before: NDArray[np.bool_]) -> None:
        """before: `up` of the day before; what was up stays up until its evidence is below the
        square root of an alarm's, so that noise does not end what goes on.
        """
        self._streams, self._detector = streams, detector
        log_e = detector.log_e
        names = np.unique(streams.family).tolist()
        of = [np.flatnonzero(streams.family == name) for name in names]
        logs = np.array([log_mean(log_e[rows], streams.weight[rows]) for rows in of])
        mean = log_mean(logs, np.full(len(logs), 1 / max(len(logs), 1)))
        needed = np.where(before, detector.log_alarm / 2, detector.log_alarm)
        self.log = max(mean, _NOTHING)
        self.up = np.append(mean, logs) >= needed
        self.up &= self.up[0]
        self.alarm = bool(self.up[0])
        self.families = frozenset(np.array(names)[self.up[1:]].tolist())
        self.flagged = np.zeros(len(log_e), dtype=np.bool_)
        for rows in [rows for rows, up in zip(of, self.up[1:], strict=True) if up]:
            shown = flagged(log_e[rows], streams.weight[rows], detector.log_alarm)
            self.flagged[rows[shown]] = True
        paid, weight = detector.last(_ENOUGH)
        self.shift = np.where(weight > 0, paid / np.maximum(weight, 1e-12), np.nan)
        self.shift = self.shift + streams.tolerance
        self._n = weight

    def findings(self, discrimination: float, *, drifted_lately: bool) -> Findings:
        """discrimination: sensitivity + specificity - 1 of the baseline's reads, by which a change
        of the prevalence shows in the share of films called positive.
        """
        s = self._streams
        positives = self._largest((s.name == POSITIVES) & np.isin(s.change, (MORE, FEWER)))
        return Findings(
            alarm=self.alarm,
            families=self.families,
            harm=bool(self.harm),
            drifted_lately=drifted_lately,
            rank_shift=self._largest(np.isin(s.change, (UP, DOWN)) & (s.family != "truth")),
            outside=self._largest(s.change == OUTSIDE),
            prevalence=positives / discrimination,
            unseen_site=self.unseen_site,
            off_support=self.off_support,
        )

    @property
    def harm(self) -> list[str]:
        """Sites where misses or false alarms are proven to have risen; "" for all of them."""
        s = self._streams
        harmed = self.flagged & (s.family == "truth") & np.isin(s.name, list(HARMS))
        return np.unique(s.site[harmed]).tolist()

    @property
    def sites(self) -> list[str]:
        """Sites of flagged streams; [""] where only those of all traffic are flagged."""
        found = np.unique(self._streams.site[self.flagged]).tolist()
        return [site for site in found if site != ALL_SITES] or found

    @property
    def unseen_site(self) -> bool:
        """Whether the share of films from new sites is flagged."""
        return bool((self.flagged & (self._streams.change == UNSEEN)).any())

    @property
    def effect(self) -> float:
        """The largest change among the flagged streams that need no truth."""
        return self._largest(np.isin(self._streams.family, list(DRIFT)))

    @property
    def off_support(self) -> float:
        """Share of the last films whose place in the embedding is out of the baseline's range."""
        s = self._streams
        place = (s.family == "embedding") & (s.name == "distance") & (s.change == OUTSIDE)
        of = place & (s.site == ALL_SITES)
        return max(float(np.nansum((self.shift + s.centre)[of])), 0.0)

    def _largest(self, chosen: NDArray[np.bool_]) -> float:
        return float(np.nanmax(self.shift[chosen & self.flagged], initial=0.0))

    def frame(self) -> pl.DataFrame:
        """A row a stream: `Day.evidence`."""
        s, n = self._streams, np.maximum(self._n, 1e-12)
        error = np.sqrt(s.variance / n + s.between / 3 + s.error) * _INTERVAL
        shift = np.where(np.isin(s.change, _FALLS), -self.shift, self.shift)
        return pl.DataFrame(
            {
                "family": s.family,
                "site": s.site,
                "stream": np.char.add(np.char.add(s.name, " "), s.change),
                "log_m": pl.Series(np.maximum(self._detector.log_m, _NOTHING)).cast(
                    _A_NUMBER_A_BET
                ),
                "log_e": np.maximum(self._detector.log_e, _NOTHING),
                "payoff_mean": self.shift - s.tolerance,
                "n_units": self._n,
                "tolerance": s.tolerance,
                "shift": shift,
                "shift_low": shift - error,
                "shift_high": shift + error,
                "flagged": self.flagged,
            }
        )
