"""Keeps gold.review_progress: how many cases of a day wait, are read, or are overdue, by site and
experiment. A day in which an assignment changed is counted again whole, so it may be repeated.
"""

from datetime import date

import polars as pl

from xray_assets.cases.review_run import days_of
from xray_assets.catalog import (
    CASE_STATES,
    REVIEW_ASSIGNMENTS,
    REVIEW_PROGRESS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables

ASSIGNMENTS = "review_assignments"
"""Source of the position: the version of gold.review_assignments that was counted."""


def bring_up_to_date(tables: Tables) -> int:
    """Count the days again in which an assignment is new or changed; returns how many days."""
    version, held = (
        tables.version(REVIEW_ASSIGNMENTS),
        tables.position(REVIEW_PROGRESS, ASSIGNMENTS),
    )
    if version is None or version == held:
        return 0
    days = _changed_days(tables, held)
    assignments = tables.read(REVIEW_ASSIGNMENTS).filter(pl.col("prediction_date").is_in(days))
    tables.merge(REVIEW_PROGRESS, review_progress(assignments))
    empty = CONTRACTS[REVIEW_PROGRESS].empty()
    tables.append(REVIEW_PROGRESS, empty, source=ASSIGNMENTS, position=version)
    return len(days)


def review_progress(assignments: pl.LazyFrame) -> pl.DataFrame:
    """Rows of gold.review_progress from all of gold.review_assignments of some days."""
    counted = (
        assignments.group_by(pl.col("experiment_id").fill_null(""), "site", date="prediction_date")
        .agg(
            pl.len().alias("cases"),
            *((pl.col("state") == state).sum().alias(state) for state in CASE_STATES),
            pl.col("n_reads").sum().alias("reads"),
            (pl.col("n_reads") > 1).sum().alias("read_twice"),
        )
        .collect(engine="streaming")
    )
    return CONTRACTS[REVIEW_PROGRESS].conform(counted)


def _changed_days(tables: Tables, held: int) -> list[date]:
    """Days of the rows that lie in data files newer than the version that was counted."""
    identity = (tables.snapshot(REVIEW_ASSIGNMENTS) or "").partition("@")[0]
    changed = tables.added_since(REVIEW_ASSIGNMENTS, f"{identity}@{held}") if held else None
    every = tables.read(REVIEW_ASSIGNMENTS)
    return days_of(every if changed is None else changed, "prediction_date")
