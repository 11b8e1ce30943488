"""What the monitoring page reads, bounded in days."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import polars as pl

from xray_assets.catalog import (
    CHAMPION,
    DRIFT_METRICS,
    ESTIMATED_PERFORMANCE,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    Key,
)
from xray_assets.contracts.tables.days import NOT_SHOWN
from xray_assets.contracts.tables.figures import AGAINST_BASELINE
from xray_assets.lake.tables import Tables

DAYS = timedelta(days=90)

PSI_RULE, P_RULE = 0.25, 0.05
"""Limits that are in common use: population stability index, and a test's p-value."""


@dataclass(frozen=True)
class UsualRule:
    """How many of the days a rule that is in common use would have called drift."""

    name: str
    days: int
    of: int


class Look:
    """One look at the tables; each is read once."""

    def __init__(self, tables: Tables) -> None:
        """Nothing is read yet."""
        self._tables = tables

    @cached_property
    def days(self) -> pl.DataFrame:
        """The last judged days, oldest first."""
        return self._last(MONITORING_DAYS, pl.exclude(NOT_SHOWN))

    @cached_property
    def evidence(self) -> pl.DataFrame:
        """Their evidence, by stream."""
        names = ("date", "family", "site", "stream", "log_e", "shift", "n_units", "flagged")
        return self._last(MONITORING_EVIDENCE, *names).drop_nulls("log_e")

    @cached_property
    def estimates(self) -> pl.DataFrame:
        """The champion's figures over all sites."""
        rows = self._last(ESTIMATED_PERFORMANCE, pl.all())
        return rows.filter(pl.col("role") == CHAMPION, pl.col("site") == "")

    @cached_property
    def usual_rules(self) -> list[UsualRule]:
        """What rules in common use would have said, each of any column of all films."""
        names = ("date", "slice_value", "drift_type", "population_stability_index", "ks_test")
        rows = self._last(DRIFT_METRICS, *names, "pvalue_adjusted").filter(
            pl.col("slice_value").is_null(), pl.col("drift_type") == AGAINST_BASELINE
        )
        by_day = rows.group_by("date").agg(
            psi=(pl.col("population_stability_index") > PSI_RULE).any(),
            ks=(pl.col("ks_test").struct.field("pvalue") < P_RULE).any(),
            adjusted=(pl.col("pvalue_adjusted") < P_RULE).any(),
        )
        told = {
            "psi": f"PSI above {PSI_RULE:g} in any column",
            "ks": f"Kolmogorov-Smirnov p below {P_RULE:g} in any column",
            "adjusted": f"any p below {P_RULE:g} after Benjamini and Hochberg",
        }
        return [
            UsualRule(sentence, int(by_day[name].sum() or 0), by_day.height)
            for name, sentence in told.items()
        ]

    def version(self, key: Key) -> int | None:
        """Of a table."""
        return self._tables.version(key)

    def _last(self, key: Key, *columns: str | pl.Expr) -> pl.DataFrame:
        rows = self._tables.read(key)
        recent = pl.col("date") > pl.col("date").max() - DAYS
        return rows.filter(recent).select(*columns).sort("date").collect()
