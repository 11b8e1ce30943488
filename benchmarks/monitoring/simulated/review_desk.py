"""Which films of a simulated day are read, at a known chance, and when the answers come."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import polars as pl

from benchmarks.monitoring.simulated.plans import FLOOR, SITES, Change, Plan

READS = {
    "request_id": pl.String,
    "day": pl.Int32,
    "site": pl.String,
    "truth": pl.Int32,
    "review_probability": pl.Float64,
    "score_champion": pl.Float64,
    "label_champion": pl.Int32,
}
"""Columns of the settled reads that a monitor is given; `day` is the prediction's."""

DISAGREEMENTS_FROM = 10
HALF_FROM = 30


class ReviewDesk:
    """Draws films for review and keeps the answers until the day they come."""

    def __init__(self, plan: Plan, rng: np.random.Generator) -> None:
        self._plan, self._rng = plan, rng
        self._waiting: dict[int, list[pl.DataFrame]] = defaultdict(list)

    def draw(
        self,
        rows: pl.DataFrame,
        truth: np.ndarray,
        disagree: np.ndarray,
        fractions: Mapping[str, float] | None,
        changes: list[Change],
    ) -> None:
        """Draw among a day's rows at the chances in force; readers err as they do."""
        if rows.is_empty():
            return
        day, n, rng = int(rows["day"][0]), rows.height, self._rng
        chance = self._chances(day, rows["site"].to_numpy(), disagree, fractions)
        error, delay = self._plan.reader_error, self._plan.delay
        for change in changes:
            error = change.reader_error if change.reader_error is not None else error
            if change.delay is not None:
                passed = (day - change.start) / change.delay_ramp if change.delay_ramp else 1.0
                delay += (change.delay - delay) * min(passed, 1.0)
        drawn = rng.random(n) < chance
        drawn &= not any(change.reads_stop for change in changes)
        wrong = rng.random(n) < error
        reads = rows.with_columns(
            truth=pl.Series(np.where(wrong, 1 - truth, truth).astype(np.int32)),
            review_probability=pl.Series(chance),
            arrives=pl.Series(day + rng.geometric(1 / delay, n)),
        ).filter(pl.Series(drawn))
        for when, part in reads.partition_by("arrives", as_dict=True).items():
            self._waiting[int(when[0])].append(part.select(list(READS)))

    def arrived(self, day: int) -> pl.DataFrame:
        """The reads that are settled on a day."""
        return pl.concat([pl.DataFrame(schema=READS), *self._waiting.pop(day, [])])

    def _chances(
        self,
        day: int,
        site: np.ndarray,
        disagree: np.ndarray,
        fractions: Mapping[str, float] | None,
    ) -> np.ndarray:
        chance = np.full(len(site), FLOOR)
        if self._plan.review == "disagreements" and day >= DISAGREEMENTS_FROM:
            chance[disagree] = 1.0
        if self._plan.review == "half of B" and day >= HALF_FROM:
            chance[site == "B"] = 0.5
        if self._plan.review == "targeted" and fractions:
            everywhere = fractions.get("", FLOOR)
            for name in SITES:
                asked = min(1.0, max(FLOOR, fractions.get(name, everywhere)))
                chance[site == name] = asked
        return chance
