"""What the inference table and the feedback table will share: rows by time and request id."""

import polars as pl

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.source import Changed, Cursor, Source
from xray_assets.resources.tables import Tables


class DatabricksSource(Source):
    """A source in Unity Catalog, not connected yet."""

    def place(self) -> str:
        """See Source."""
        raise self._not_yet()

    def end(self) -> Cursor:
        """See Source."""
        raise self._not_yet()

    def read_after(self, cursor: Cursor, limit: int) -> tuple[pl.DataFrame, Cursor]:
        """See Source."""
        raise self._not_yet()

    def acknowledge(self, consumer: str, position: int) -> None:
        """See Source: tables there have their own retention."""

    def fits(self, tables: Tables) -> Changed | None:
        """See Source."""
        raise self._not_yet()

    def adopt(self, tables: Tables, *, by: str, reason: str) -> Cursor:
        """See Source."""
        raise self._not_yet()

    def _not_yet(self) -> NotYetOnDatabricks:
        return NotYetOnDatabricks(f"reading the {self.title}")
