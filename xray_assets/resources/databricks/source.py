"""What the inference table and the feedback table will share: rows by time and request id."""

import polars as pl
from typing_extensions import override

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables
from xray_assets.resources.source import Changed, Source


class DatabricksSource(Source):
    """A source in Unity Catalog, not connected yet."""

    @override
    def place(self) -> str:
        raise self._not_yet()

    @override
    def end(self) -> Cursor:
        raise self._not_yet()

    @override
    def read_after(self, cursor: Cursor, limit: int) -> tuple[pl.DataFrame, Cursor]:
        raise self._not_yet()

    @override
    def acknowledge(self, consumer: str, position: int) -> None:
        """Tables there have their own retention."""

    @override
    def fits(self, tables: Tables) -> Changed | None:
        raise self._not_yet()

    @override
    def adopt(self, tables: Tables, *, by: str, reason: str) -> Cursor:
        raise self._not_yet()

    def _not_yet(self) -> NotYetOnDatabricks:
        return NotYetOnDatabricks(f"reading the {self.title}")
