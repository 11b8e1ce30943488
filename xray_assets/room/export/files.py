"""A table of CONTRACTS as a file. Which tables leave the house, and how many rows, is here."""

import io
from collections.abc import Mapping
from typing import Literal

import polars as pl

from xray_assets.catalog import (
    BACKTESTS,
    COMPARISON_SUMMARY,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PROMOTION_DECISION,
    REVIEW_PROGRESS,
    SCORE_BANDS,
    SECOND_LOOKS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS

ROWS_LIMIT = 50_000
"""The newest ones, where a table has more."""

NEWEST_BY: Mapping[Key, str] = {
    EXPERIMENTS: "opened_at",
    ENDPOINT_CONFIG: "config_version",
    PROMOTION_DECISION: "chain_position",
    COMPARISON_SUMMARY: "date",
    HOURLY_TRAFFIC: "date",
    REVIEW_PROGRESS: "date",
    SECOND_LOOKS: "date",
    SCORE_BANDS: "experiment_id",
    BACKTESTS: "made_at",
}
"""What may be exported: sums and decisions, no case and no read; and the column that tells which
rows are new.
"""

EXPORTED = {".".join(key): key for key in NEWEST_BY}
Format = Literal["csv", "parquet"]
MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}

_FORMULA = r"^[=+\-@\t\r]"
"""How a cell begins that a spreadsheet would run."""


def newest_rows(table: pl.LazyFrame, key: Key) -> pl.DataFrame:
    """At most ROWS_LIMIT rows, newest first."""
    return table.top_k(ROWS_LIMIT, by=NEWEST_BY[key]).collect()


def as_file(rows: pl.DataFrame, kind: Format) -> bytes:
    """Rows as a file. In CSV lists are JSON text, and what a spreadsheet would run as a formula is
    quoted (OWASP, CSV injection).
    """
    file = io.BytesIO()
    if kind == "parquet":
        rows.write_parquet(file)
        return file.getvalue()
    lists = [name for name, dtype in rows.schema.items() if isinstance(dtype, pl.List)]
    texts = [name for name, dtype in rows.schema.items() if dtype == pl.String]
    flat = rows.with_columns(
        pl.format("[{}]", pl.col(name).cast(pl.List(pl.String)).list.join(",")).alias(name)
        for name in lists
    )
    safe = flat.with_columns(
        pl.when(pl.col(name).str.contains(_FORMULA))
        .then("'" + pl.col(name))
        .otherwise(name)
        .alias(name)
        for name in texts
    )
    safe.write_csv(file)
    return file.getvalue()


def descriptions() -> dict[str, str]:
    """What each exported table holds, by its name."""
    return {name: CONTRACTS[key].description for name, key in EXPORTED.items()}
