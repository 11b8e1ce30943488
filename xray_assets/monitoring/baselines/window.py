"""Of which days a baseline is made. Pure."""

from dataclasses import dataclass
from datetime import date

import polars as pl

READS_OF_EACH_TRUTH = 20
"""Fewest settled reads of pneumonia, and of normal."""

USABLE = 0.9
"""Smallest share of a day's answered films with features, and with a score of the champion."""

Window = tuple[date, date]
"""First and last day."""


@dataclass(frozen=True)
class Need:
    """How much a baseline takes."""

    days: int
    patients: int

    @property
    def fewest_days(self) -> int:
        """Half of the days suffice where a model is new: nobody goes longer without."""
        return self.days // 2


Gathered = tuple[pl.DataFrame, pl.DataFrame]
"""Films and reads."""


def usable_days(films: pl.DataFrame) -> list[date]:
    """The days, in order, of which nearly all answered films have features and a score.

    films: `days.rows.films_of`.
    """
    by_day = films.filter(pl.col("status_code") == 200).group_by("local").agg(
        measured=pl.col("measured").mean(), scored=pl.col("score_champion").is_not_null().mean()
    )  # fmt: skip
    good = by_day.filter(pl.min_horizontal("measured", "scored") >= USABLE)
    return good["local"].sort().to_list()


def suffices(films: pl.DataFrame, reads: pl.DataFrame, need: Need) -> bool:
    """Whether there are patients and reads enough."""
    of_each = [reads.filter(pl.col("truth") == truth).height for truth in (0, 1)]
    enough = films["case_key"].drop_nulls().n_unique() >= need.patients
    return enough and min(of_each) >= READS_OF_EACH_TRUTH


def first_window(films: pl.DataFrame, reads: pl.DataFrame, need: Need) -> Window | None:
    """The first usable days that suffice; None while none do."""
    days = usable_days(films)
    windows = ((days[0], last) for last in days[need.days - 1 :])
    return next((one for one in windows if suffices(*within(films, reads, one), need)), None)


def newest_window(films: pl.DataFrame, reads: pl.DataFrame, need: Need) -> Window | None:
    """The newest usable days: those needed, or what there are from `fewest_days`; more where they
    do not suffice. None while nothing does.
    """
    days = usable_days(films)
    if len(days) < need.fewest_days:
        return None
    windows = ((first, days[-1]) for first in reversed(days[: max(len(days) - need.days, 0) + 1]))
    return next((one for one in windows if suffices(*within(films, reads, one), need)), None)


def within(films: pl.DataFrame, reads: pl.DataFrame, window: Window) -> Gathered:
    """The films of these days, and the reads of films of these days."""
    of_days = pl.col("local").is_between(*window)
    return films.filter(of_days), reads.filter(of_days)
