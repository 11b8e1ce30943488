"""A simulated world: each day's films and reads as the frames that a monitor is given.

Day 0 is a Monday; days -28 to -1 are the baseline. Everything follows from pool, plan and seed, and
from the review fractions that the monitor asked for on the day before.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from benchmarks.monitoring.simulated.clinic import UNTAGGED, Clinic, at_sites
from benchmarks.monitoring.simulated.films import KINDS
from benchmarks.monitoring.simulated.plans import BASELINE_DAYS, SITES, Change, Plan
from benchmarks.monitoring.simulated.pool import Pool
from benchmarks.monitoring.simulated.review_desk import ReviewDesk
from xray_assets.catalog import CHALLENGER, CHAMPION, EMBEDDING_SIZE, FEATURES

_KIND = {kind: number for number, kind in enumerate(KINDS)}


class World:
    """Draws the days in order: `day(n)` is called once for each n from -28 on."""

    def __init__(self, pool: Pool, plan: Plan, seed: int) -> None:
        self._pool, self._plan = pool, plan
        self._rng = np.random.default_rng([seed, 9])
        self._clinic = Clinic(pool, plan, self._rng)
        self._desk = ReviewDesk(plan, self._rng)

    @property
    def plan(self) -> Plan:
        """What this world is like; another one may take its place between two days."""
        return self._plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._plan = self._clinic.plan = self._desk.plan = plan

    def baseline(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(rows, reads) of days -28 to -1; reads that come later come with the day they come."""
        days = [self.day(day) for day in range(-BASELINE_DAYS, 0)]
        return pl.concat([rows for rows, _ in days]), pl.concat([reads for _, reads in days])

    def day(
        self, day: int, fractions: Mapping[str, float] | None = None
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """(rows, reads that arrive) of the next day, reviewed at the monitor's `fractions`."""
        changes = self._plan.active(day)
        patients = self._clinic.filmed(day, changes)
        kind = self._kinds(day, patients.site, changes)
        film, pool = patients.film, self._pool
        champion, challenger = self._scores(kind, film, changes)
        labels = champion >= pool.thresholds[0]
        truth = pool.positive[film]
        for change in changes:
            hidden = at_sites(change, patients.site) & (self._rng.random(len(film)) < change.hidden)
            truth = np.where(hidden, 1, truth)
        site = np.array(SITES)[np.where(patients.site == UNTAGGED, 0, patients.site)]
        if self._plan.wards > 1:
            site = np.char.add(site, (patients.number % self._plan.wards).astype(str))
        by_challenger = patients.number * 2654435761 % 2**32 < 2**31
        features = pool.features[kind, film]
        rows = pl.DataFrame(
            {
                "day": np.full(len(film), day, np.int32),
                "weekday": np.full(len(film), day % 7, np.int32),
                "request_id": [f"{day + BASELINE_DAYS}-{i}" for i in range(len(film))],
                "case_key": pl.Series(patients.number).cast(pl.String),
                "site": site,
                "served_arm": np.where(by_challenger, CHALLENGER, CHAMPION),
                "status_code": np.full(len(film), 200, np.int32),
                "score_champion": champion,
                "score_challenger": challenger,
                "label_champion": labels.astype(np.int32),
                **{name: features[:, i] for i, name in enumerate(FEATURES)},
                "embedding": pl.Series(
                    pool.embedding[kind, film], dtype=pl.Array(pl.Float32, EMBEDDING_SIZE)
                ),
            }
        )
        disagree = labels != (challenger >= pool.thresholds[1])
        if any(change.no_rows for change in changes):
            rows = rows.clear()
        self._desk.draw(rows, truth, disagree, fractions, changes)
        return self._without(rows, changes), self._desk.arrived(day)

    def _kinds(self, day: int, site: np.ndarray, changes: list[Change]) -> np.ndarray:
        """What each film has gone through, as a number of KINDS."""
        rng, weekend = self._rng, self._plan.at_rest(day)
        portable = rng.random(len(site)) < self._plan.weekend_portable * weekend
        kind = np.where(portable, _KIND["portable"], _KIND["none"])
        kind = np.where(site >= SITES.index("C"), _KIND["new_site"], kind)
        for change in changes:
            if not change.kinds:
                continue
            steps = np.array([_KIND["none"], *(_KIND[name] for name in change.kinds)])
            passed = (day - change.start + 1) / change.ramp if change.ramp else 1.0
            step = (min(passed, 1.0) * len(change.kinds) + rng.random(len(site))).astype(int)
            step = np.minimum(step, len(change.kinds))  # between two steps: some of each
            hit = at_sites(change, site) & (rng.random(len(site)) < change.share) & (step > 0)
            kind = np.where(hit, steps[step], kind)
        return kind

    def _scores(
        self, kind: np.ndarray, film: np.ndarray, changes: list[Change]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities of champion and challenger."""
        champion = self._pool.champion[kind, film]
        challenger = self._pool.challenger[kind, film]
        if shift := sum(change.champion_shift for change in changes):
            champion = 1 / (1 + np.exp(-shift) * (1 - champion) / champion)
        if any(change.new_challenger for change in changes):  # another network: other errors
            odds = np.log(challenger / (1 - challenger)) * 0.8
            challenger = 1 / (1 + np.exp(-odds - self._rng.normal(0.3, 0.5, len(film))))
        return champion, challenger

    def _without(self, rows: pl.DataFrame, changes: list[Change]) -> pl.DataFrame:
        """The rows without the columns that nobody measured."""
        missing = {column for change in changes for column in change.null_columns}
        if not self._plan.challenger:
            missing.add("score_challenger")
        return rows.with_columns(pl.lit(None, rows.schema[name]).alias(name) for name in missing)
