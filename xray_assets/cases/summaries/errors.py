"""Keeps gold.recent_errors: the newest requests that failed, were refused or fell back."""

import polars as pl

from xray_assets.cases.review_run import LOG
from xray_assets.catalog import PREDICTIONS, RECENT_ERRORS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.summaries import FAILED, FALLBACK, NEWEST_ERRORS, REFUSED
from xray_assets.lake.tables import Tables

_KEPT = [name for name in CONTRACTS[RECENT_ERRORS].schema.names() if name != "kind"]


def bring_up_to_date(tables: Tables) -> int:
    """Take in what the log holds since the last run; returns how many rows the table has. The
    position is in the same commit.
    """
    held, end = tables.position(RECENT_ERRORS, LOG), tables.position(PREDICTIONS, LOG)
    if end <= held:
        return tables.row_count(RECENT_ERRORS)
    rows = tables.read(PREDICTIONS).filter(
        pl.col("log_position").is_between(held, end, closed="right")
    )
    kept = newest(tables.read(RECENT_ERRORS).collect(), errors(rows).collect())
    tables.overwrite(RECENT_ERRORS, kept, source=LOG, position=end)
    return kept.height


def errors(predictions: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of gold.recent_errors among rows of gold.pneumonia_classifier_predictions."""
    status = pl.col("status_code")
    kind = (
        pl.when(status >= 500)
        .then(pl.lit(FAILED))
        .when(status >= 400)
        .then(pl.lit(REFUSED))
        .when(pl.col("served_model_name") != pl.col("assigned_model_name"))
        .then(pl.lit(FALLBACK))
    )
    found = predictions.select(*_KEPT, kind=kind).filter(pl.col("kind").is_not_null())
    return found.top_k(NEWEST_ERRORS, by="log_position").select(
        CONTRACTS[RECENT_ERRORS].schema.names()
    )


def newest(*parts: pl.DataFrame) -> pl.DataFrame:
    """The newest NEWEST_ERRORS rows of all parts, newest first, each request once."""
    every = pl.concat(parts).unique("request_id", keep="last")
    return every.sort("log_position", descending=True).head(NEWEST_ERRORS)
