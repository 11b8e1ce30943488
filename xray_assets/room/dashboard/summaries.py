"""The tables that a page may read: those that stay small, however much was predicted."""

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
from xray_assets.errors import XrayError
from xray_assets.lake.tables import Tables
from xray_assets.room.figures import Source

SUMMARIES = (
    EXPERIMENTS,
    ENDPOINT_CONFIG,
    PROMOTION_DECISION,
    COMPARISON_SUMMARY,
    HOURLY_TRAFFIC,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_PROGRESS,
    SECOND_LOOKS,
    SCORE_BANDS,
)


class NotASummary(XrayError, LookupError):
    """A page asked for a table that grows with every prediction."""


class Summaries:
    """`SUMMARIES` alone, each with the version that is read and a link to the run that wrote it."""

    def __init__(self, tables: Tables, dagster_url: str) -> None:
        """Nothing is opened yet."""
        self._tables, self._dagster_url = tables, dagster_url

    @property
    def counted_purpose(self) -> str:
        """The purpose of the requests that count."""
        return self._tables.counted_purpose

    def read(self, key: Key) -> pl.LazyFrame:
        """The table, lazily. Raises NotASummary for one that pages do not read."""
        if key not in SUMMARIES:
            raise NotASummary(f"{'.'.join(key)} grows with traffic: read a summary of it")
        return self._tables.read(key)

    def source(self, key: Key) -> Source:
        """Where numbers of the table come from."""
        last = self._tables.last_write(key)
        if last is None:
            return Source(".".join(key), None)
        run_url = f"{self._dagster_url}/runs/{last.run_id}" if last.run_id else None
        return Source(".".join(key), last.version, last.run_id, run_url)
