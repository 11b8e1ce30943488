"""What the dashboard reads: each summary table at most once a page, bounded in days."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any

import polars as pl

from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PROMOTION_DECISION,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_PROGRESS,
    SCORE_BANDS,
    SECOND_LOOKS,
    Key,
)
from xray_assets.rollout.experiment import WITHDRAWN
from xray_assets.room.dashboard.summaries import Summaries
from xray_assets.room.figures import Source

Row = Mapping[str, Any]

DAYS = timedelta(days=90)
"""How far back days are read."""


class Look:
    """One look at the tables, for one experiment: the one that is asked for, else the newest."""

    def __init__(self, summaries: Summaries, experiment_id: str | None = None) -> None:
        """Nothing is read yet."""
        self._summaries, self._asked = summaries, experiment_id
        self._sources: dict[Key, Source] = {}

    @property
    def counted(self) -> str:
        """The purpose of the requests that count."""
        return self._summaries.counted_purpose

    def source(self, key: Key) -> Source:
        """Where numbers of a table come from; looked up once."""
        if key not in self._sources:
            self._sources[key] = self._summaries.source(key)
        return self._sources[key]

    @cached_property
    def experiments(self) -> Sequence[Row]:
        """Every experiment, newest first."""
        rows = self._summaries.read(EXPERIMENTS).sort("opened_at", descending=True)
        return rows.collect().to_dicts()

    @cached_property
    def experiment(self) -> Row | None:
        """The experiment that is shown; None before the first. Raises LookupError for one that is
        asked for and not there.
        """
        if self._asked:
            found = (row for row in self.experiments if row["experiment_id"] == self._asked)
            if (row := next(found, None)) is None:
                raise LookupError(f"there is no experiment {self._asked}")
            return row
        standing = [row for row in self.experiments if row["state"] != WITHDRAWN]
        return next(iter(standing or self.experiments), None)

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """The experiment's decisions, oldest first: figures over time, without the reports."""
        names = ("chain_position", "decided_at", "n_reviewed", *_EVIDENCE)
        rows = self._of_experiment(PROMOTION_DECISION).select(names)
        return rows.sort("chain_position").collect()

    @cached_property
    def decision(self) -> Row | None:
        """The experiment's last decision, whole; None before the first."""
        if self.decisions.is_empty():
            return None
        last = pl.col("chain_position") == self.decisions["chain_position"][-1]
        return self._of_experiment(PROMOTION_DECISION).filter(last).collect().to_dicts()[0]

    @cached_property
    def report(self) -> Row | None:
        """Its report, parsed."""
        return json.loads(self.decision["report"]) if self.decision else None

    @cached_property
    def configs(self) -> pl.DataFrame:
        """What was served, config by config."""
        return self._summaries.read(ENDPOINT_CONFIG).collect()

    @cached_property
    def traffic(self) -> pl.DataFrame:
        """The last days of traffic."""
        return self._last_days(HOURLY_TRAFFIC)

    @cached_property
    def missing(self) -> int:
        """Positions that the log lacks, ever."""
        return self._summaries.read(HOURLY_TRAFFIC).select(pl.col("missing").sum()).collect().item()

    @cached_property
    def summary(self) -> pl.DataFrame:
        """The last days of each served model."""
        return self._last_days(COMPARISON_SUMMARY)

    @cached_property
    def progress(self) -> pl.DataFrame:
        """The reads of the experiment's cases."""
        return self._of_experiment(REVIEW_PROGRESS).collect()

    @cached_property
    def second_looks(self) -> pl.DataFrame:
        """The last days of readers' opinions of the models' answers."""
        return self._last_days(SECOND_LOOKS)

    @cached_property
    def score_bands(self) -> pl.DataFrame:
        """The settled cases of the experiment by band of each model's score."""
        return self._of_experiment(SCORE_BANDS).sort("role", descending=True).collect()

    @cached_property
    def mistakes(self) -> pl.DataFrame:
        """The newest mistakes, settled or not."""
        return self._summaries.read(RECENT_MISTAKES).collect()

    @cached_property
    def errors(self) -> pl.DataFrame:
        """The newest errors."""
        return self._summaries.read(RECENT_ERRORS).collect()

    def _of_experiment(self, key: Key) -> pl.LazyFrame:
        its = self.experiment["experiment_id"] if self.experiment else ""
        return self._summaries.read(key).filter(pl.col("experiment_id") == its)

    def _last_days(self, key: Key) -> pl.DataFrame:
        rows = self._summaries.read(key)
        return rows.filter(pl.col("date") > pl.col("date").max() - DAYS).collect()


_EVIDENCE = ("e_better", "e_not_missing_more", "e_worse", "e_missing_more")
