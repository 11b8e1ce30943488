"""The monitor: a baseline, and day after day what speaks for a change since."""

from __future__ import annotations

from io import BytesIO
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.statistics.drift import frames
from xray_assets.statistics.drift.banks import Banks
from xray_assets.statistics.drift.day import (
    FEATURES_MISSING,
    NO_BASELINE,
    NO_HARM_SHOWN,
    NO_ROWS,
    SCORES_MISSING,
    TOO_FEW_ROWS,
    Day,
    Evidence,
)
from xray_assets.statistics.drift.detector import ALL_SITES, Detector, Tally, joined
from xray_assets.statistics.drift.frames import Films
from xray_assets.statistics.drift.levels import (
    DRIFT,
    LIMITS,
    Level,
    level_and_kind,
    review_fractions,
)
from xray_assets.statistics.drift.no_harm import NoHarm
from xray_assets.statistics.drift.seen import Seen
from xray_assets.statistics.drift.truth import Truth

_MOST_NEW_SITES = 32
_CHANGED = {
    "": ("_day", "_up", "_drifted"),
    "_detector": ("log_m", "days_up", "paid", "weight"),
    "_patients": ("stamps", "day"),
    "_read": ("stamps", "day"),
    "_truth": ("floor",),
    "_no_harm": ("since", "log_k", "shown_on", "effect"),
}
"""What a day changes, by the part that holds it."""


class Monitor:
    """Judges days in order against a baseline.

    reference: the films of the baseline's days, a row each; reads: their settled reads. Columns:
    day, weekday (0 = Monday), request_id, case_key, site, served_arm, status_code, score_champion,
    score_challenger, label_champion, label_challenger, the features of `catalog.FEATURES`,
    embedding; of reads request_id, day (of the prediction), site, truth, review_probability,
    score_champion, label_champion. What is absent or null is not judged. The challenger must be the
    baseline's own: null the columns of another one.
    Raises ValueError where no film of the baseline has a score.
    """

    def __init__(self, reference: pl.DataFrame, reads: pl.DataFrame) -> None:
        films = frames.films(reference)
        if not np.isfinite(films.log_odds[:, 0]).any():
            raise ValueError(
                "the baseline holds no scored film: give rows with score_champion and a "
                "status_code of 200"
            )
        self._patients, self._read = Seen(), Seen()
        first = np.zeros(len(films), dtype=np.bool_)
        for day in np.unique(films.day).tolist():
            today = films.day == day
            first[today] = self._patients.new(films.patient[today], day)
        self._day = self._baseline_end = int(films.day.max())
        self._expected = [_a_day(films.day[films.weekday == weekday]) for weekday in range(7)]
        self._sites: list[str] = np.unique(films.site).tolist()
        self._banks = Banks(films[first], self._sites)
        of_patient = np.bincount(np.unique(films.patient, return_inverse=True)[1])
        siblings = float((of_patient**2).sum() / len(films) - 1)
        self._truth = Truth(frames.reads(reads, reference), self._banks.sites, siblings)
        self._no_harm = NoHarm(self._truth)
        self._streams = joined([self._banks.streams, self._truth.streams])
        n_families = len(np.unique(self._streams.family))
        self._detector = Detector(self._streams.weight / n_families, LIMITS.alarm)
        self._up = np.zeros(1 + n_families, dtype=np.bool_)
        self._drifted = self._baseline_end - LIMITS.lately - 1

    def observe_day(self, day: int, rows: pl.DataFrame, reads: pl.DataFrame) -> Day:
        """Judge a closed day. rows: its films; reads: those settled on it, of films of any day.
        Days may be left out, not repeated: ValueError for one that does not come after the last.
        """
        if day <= self._day:
            raise ValueError(f"day {self._day} was judged before {day}: give days once, in order")
        self._day = day
        films = frames.films(rows)
        unknown = self._unknown(films)
        paid = Tally.empty(len(self._banks.streams))
        if not unknown:
            paid = self._banks.tally(films[self._patients.new(films.patient, day)])
        settled = frames.reads(reads)
        fresh = self._read.new(settled.request, day) & (settled.day > self._baseline_end)
        settled = settled[fresh]
        by_read, scale, weight = self._truth.payoffs(settled)
        self._detector.observe(paid.beside(self._truth.tally(by_read, scale, weight)))
        evidence = Evidence(self._streams, self._detector, self._up)
        if evidence.alarm != self._up[0]:
            self._no_harm.begin(day if evidence.alarm else -1)
            if not evidence.alarm:
                self._detector.restart()
        self._up = evidence.up
        if evidence.alarm:
            since = settled.day >= self._no_harm.since
            self._no_harm.observe(self._truth, by_read[since], weight[since])
        return self._judged(evidence, films, unknown)

    def _judged(self, evidence: Evidence, films: Films, unknown: list[str]) -> Day:
        if evidence.families & DRIFT:
            self._drifted = self._day
        lately = self._day - self._drifted <= LIMITS.lately
        findings = evidence.findings(self._truth.discrimination, drifted_lately=lately)
        level, kind = level_and_kind(findings)
        looked_at, reasons = evidence.sites, list(unknown)
        no_harm = self._no_harm.shown(looked_at, self._day, evidence.effect)
        if level is Level.MODERATE and len(no_harm) == len(looked_at):
            level = Level.MINOR
            reasons.append(NO_HARM_SHOWN)
        settled = {*no_harm, *evidence.harm}
        asked = {
            site: bool({site, ALL_SITES} & set(looked_at)) and not {site, ALL_SITES} & settled
            for site in self._sites
        }
        new = [name for name in np.unique(films.site).tolist() if name not in asked]
        asked |= dict.fromkeys(new[:_MOST_NEW_SITES], evidence.unseen_site)
        return Day(
            day=self._day,
            level=Level.UNKNOWN if unknown else level,
            kind="operations" if unknown else kind,
            review_fractions=review_fractions(level, asked),
            log_evidence=evidence.log,
            evidence=evidence.frame(),
            families=tuple(sorted(evidence.families)),
            harm=tuple(evidence.harm),
            no_harm=no_harm,
            reasons=tuple(reasons),
            off_support=evidence.off_support,
        )

    def _unknown(self, films: Films) -> list[str]:
        """Codes of what keeps these films from being judged."""
        answered = films[~films.failed]
        if not len(self._banks.streams):
            return [NO_BASELINE]
        if not len(answered):
            return [NO_ROWS]
        reasons: list[str] = []
        weekday = int(np.bincount(np.maximum(films.weekday, 0)).argmax())
        expected = self._expected[weekday % 7]
        if expected >= LIMITS.expected and len(films) < LIMITS.volume * expected:
            reasons.append(TOO_FEW_ROWS)
        missing = np.isnan(answered.features[:, self._banks.payoffs.features]).mean(axis=0)
        if missing.max(initial=0.0) > LIMITS.missing:
            reasons.append(FEATURES_MISSING)
        if np.isnan(answered.log_odds[:, 0]).mean() > LIMITS.missing:
            reasons.append(SCORES_MISSING)
        return reasons

    def state(self) -> bytes:
        """Everything that days have changed, as an npz of a fixed size."""
        out = BytesIO()
        np.savez(out, allow_pickle=False, baseline=self._streams.centre, **self._kept())
        return out.getvalue()

    @classmethod
    def resumed(cls, reference: pl.DataFrame, reads: pl.DataFrame, state: bytes) -> Self:
        """A monitor that goes on from `state`, of a monitor with the same baseline, as that one
        would have. Raises ValueError where the state is of another baseline.
        """
        monitor = cls(reference, reads)
        with np.load(BytesIO(state)) as kept:
            if not np.array_equal(kept["baseline"], monitor._streams.centre):
                raise ValueError(
                    "this state is of another baseline: start a new monitor, and judge the days "
                    "since its baseline again"
                )
            for part, names in _CHANGED.items():
                holder = getattr(monitor, part) if part else monitor
                for name in names:
                    value = kept[part + name]
                    setattr(holder, name, value if value.ndim else value.item())
        return monitor

    def _kept(self) -> dict[str, NDArray[np.generic]]:
        return {
            part + name: np.asarray(getattr(getattr(self, part) if part else self, name))
            for part, names in _CHANGED.items()
            for name in names
        }


def _a_day(days: frames.Ints) -> float:
    return len(days) / max(len(np.unique(days)), 1)
