"""Which films of a simulated day are read, at a known chance, and when the answers come."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import polars as pl

from benchmarks.monitoring.simulated.plans import FLOOR, Change, Plan

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

STARTS = {"disagreements": 10, "half of B": 30, "unsure first": 10, "a floor that moves": 20}
"""Ways of choosing reads, and their first day; before it the floor is in force, as it is by the
names `floor` and `targeted` (as the monitor asks)."""


class ReviewDesk:
    """Draws films for review and keeps the answers until the day they come."""

    def __init__(self, plan: Plan, rng: np.random.Generator) -> None:
        self.plan, self._rng = plan, rng
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
        chance = self._chances(day, rows, disagree, fractions)
        error, delay = self.plan.reader_error, self.plan.delay
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
        rows: pl.DataFrame,
        disagree: np.ndarray,
        fractions: Mapping[str, float] | None,
    ) -> np.ndarray:
        chance = np.full(rows.height, FLOOR)
        site, score = rows["site"].to_numpy(), rows["score_champion"].to_numpy()
        match self.plan.review:
            case "targeted":
                for name in np.unique(site):
                    asked = (fractions or {}).get(name, FLOOR)
                    chance[site == name] = min(1.0, max(FLOOR, asked))
            case "disagreements" if day >= STARTS["disagreements"]:
                chance[disagree] = 1.0
            case "half of B" if day >= STARTS["half of B"]:
                chance[site == "B"] = 0.5
            case "unsure first" if day >= STARTS["unsure first"]:
                chance = np.where(np.abs(score - 0.5) < 0.4, 0.6, 0.05)
            case "a floor that moves" if day >= STARTS["a floor that moves"]:
                chance[:] = (0.05, 0.3, 0.1)[day // 20 % 3]
        return chance
