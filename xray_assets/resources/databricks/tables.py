"""The tables in Unity Catalog."""

from collections.abc import Collection
from datetime import timedelta

import polars as pl

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.bounds import Bounds
from xray_assets.contracts.changes import Change, Stored
from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.tables import WEEK, Tables


class UnityCatalog(Tables):
    """The same tables in Unity Catalog."""

    environment: str = "dev"

    def read(self, key: Key) -> pl.LazyFrame:
        """See Tables."""
        raise NotYetOnDatabricks("reading tables")

    def version(self, key: Key) -> int | None:
        """See Tables."""
        raise NotYetOnDatabricks("reading table versions")

    def row_count(self, key: Key) -> int:
        """See Tables."""
        raise NotYetOnDatabricks("counting rows")

    def position(self, key: Key, source: str) -> int:
        """See Tables."""
        raise NotYetOnDatabricks("reading table positions")

    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """See Tables."""
        raise NotYetOnDatabricks("appending to tables")

    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        """See Tables."""
        raise NotYetOnDatabricks("merging into tables")

    def advance(self, key: Key, rows: pl.DataFrame, *, counter: str, expected: int) -> int:
        """See Tables."""
        raise NotYetOnDatabricks("saving a row of state")

    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """See Tables."""
        raise NotYetOnDatabricks("overwriting tables")

    def stored(self, key: Key) -> Stored | None:
        """See Tables."""
        raise NotYetOnDatabricks("looking at stored tables")

    def evolve(self, change: Change) -> None:
        """See Tables."""
        raise NotYetOnDatabricks("changing stored tables")

    def tidy(self, key: Key, *, keep: Collection[str] = (), older_than: timedelta = WEEK) -> None:
        """See Tables."""
        raise NotYetOnDatabricks("compacting and vacuuming tables")

    def full_name(self, key: Key) -> str:
        """See Tables."""
        return Catalog(self.environment).table(key)

    def uri(self, key: Key) -> str:
        """See Tables."""
        return f"uc://{self.full_name(key)}"
