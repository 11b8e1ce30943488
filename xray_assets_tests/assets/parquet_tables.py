"""The lake as one parquet file: enough for assets that only read silver metadata."""

from typing import Any

import polars as pl

from xray_assets.resources.databricks.tables import UnityCatalog


class ParquetTables(UnityCatalog):
    """Reads every table from one file; every other call raises, as its parent's do."""

    path: str

    def read(self, key: Any) -> pl.LazyFrame:
        """The file, whatever the key."""
        return pl.scan_parquet(self.path)
