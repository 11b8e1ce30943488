"""Tables that are opened once a run: opening one costs more the longer its history is."""

from typing import TYPE_CHECKING, Any, cast

import polars as pl

from xray_assets.catalog import (
    MONITORING_BASELINES,
    MONITORING_DAYS,
    MONITORING_EVIDENCE,
    Key,
)

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables

WRITTEN = (MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE)


def pinned(tables: "Tables") -> "Tables":
    """The tables, each as it is when it is first looked at; those that are WRITTEN as they are."""
    return cast("Tables", _Pinned(tables))


class _Pinned:
    def __init__(self, tables: "Tables") -> None:
        self._tables = tables
        self._frames: dict[Key, pl.LazyFrame] = {}
        self._positions: dict[tuple[Key, str], int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)

    def read(self, key: Key) -> pl.LazyFrame:
        if key in WRITTEN:
            return self._tables.read(key)
        if key not in self._frames:
            self._frames[key] = self._tables.read(key)
        return self._frames[key]

    def position(self, key: Key, source: str) -> int:
        if key in WRITTEN:
            return self._tables.position(key, source)
        if (key, source) not in self._positions:
            self._positions[key, source] = self._tables.position(key, source)
        return self._positions[key, source]
