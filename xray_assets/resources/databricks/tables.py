"""The tables in Unity Catalog."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import polars as pl
from typing_extensions import override

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.bounds import Bounds
from xray_assets.contracts.changes import Change, Stored
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.lake.tables import WEEK
from xray_assets.resources.tables import Tables


class UnityCatalog(Tables):
    """The same tables in Unity Catalog."""

    environment: str = "dev"

    @override
    def read(self, key: Key) -> pl.LazyFrame:
        raise NotYetOnDatabricks("reading tables")

    @override
    def version(self, key: Key) -> int | None:
        raise NotYetOnDatabricks("reading table versions")

    @override
    def row_count(self, key: Key) -> int:
        raise NotYetOnDatabricks("counting rows")

    @override
    def position(self, key: Key, source: str) -> int:
        raise NotYetOnDatabricks("reading table positions")

    @override
    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        raise NotYetOnDatabricks("appending to tables")

    @override
    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        raise NotYetOnDatabricks("merging into tables")

    @override
    def advance(self, key: Key, rows: pl.DataFrame, *, counter: str, expected: int) -> int:
        raise NotYetOnDatabricks("saving a row of state")

    @override
    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        raise NotYetOnDatabricks("overwriting tables")

    @override
    def stored(self, key: Key) -> Stored | None:
        raise NotYetOnDatabricks("looking at stored tables")

    @override
    def evolve(self, change: Change) -> None:
        raise NotYetOnDatabricks("changing stored tables")

    @override
    def remove(self, key: Key, column: str, values: Sequence[str]) -> int:
        raise NotYetOnDatabricks("erasing rows")

    @override
    def tidy(self, key: Key, *, keep: Collection[str] = (), older_than: timedelta = WEEK) -> None:
        raise NotYetOnDatabricks("compacting and vacuuming tables")

    @override
    def full_name(self, key: Key) -> str:
        return Catalog(self.environment).table(key)

    @override
    def uri(self, key: Key) -> str:
        return f"uc://{self.full_name(key)}"
