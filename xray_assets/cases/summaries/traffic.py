"""Keeps gold.hourly_traffic: images, errors and latency by hour, added up from new rows alone.

A commit writes how far the log was counted into the rows that it changes, so nothing is counted
twice: the next run goes on after the table's highest `log_position`.
"""

import numpy as np
import polars as pl

from xray_assets.cases.review_run import LOG
from xray_assets.catalog import ERASURES, HOURLY_TRAFFIC, PREDICTIONS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.statistics.histogram import bucket_of
from xray_assets.statistics.resolution import BUCKETS

BATCH = 1_000_000
"""Rows of the log a commit: only narrow columns are read."""

COUNTED = (
    "date",
    "timestamp",
    "config_version",
    "assigned_model_name",
    "served_model_name",
    "site",
    "purpose",
    "status_code",
    "latency_ms",
    "log_position",
)
"""Columns of gold.pneumonia_classifier_predictions that are counted."""

KEYS = CONTRACTS[HOURLY_TRAFFIC].unique
_SUMS = ("n", "failed", "refused", "fallbacks", "missing")


def bring_up_to_date(tables: Tables) -> int:
    """Count what is new in the log; returns how many images."""
    counted, end, images = counted_to(tables), tables.position(PREDICTIONS, LOG), 0
    position = pl.col("log_position")
    for low in range(counted, end, BATCH):
        window = position.is_between(low, min(low + BATCH, end), closed="right")
        rows = tables.read(PREDICTIONS).filter(window).select(COUNTED).collect()
        if rows.is_empty():
            continue
        new = hourly_traffic(rows, counted=counted, erased=_erased(tables))
        days = new["date"].unique().sort().to_list()
        stored = tables.read(HOURLY_TRAFFIC).filter(pl.col("date").is_in(days)).collect()
        tables.merge(HOURLY_TRAFFIC, added_up(stored, new), within={"date": days})
        counted, images = int(new["log_position"].max()), images + rows.height  # type: ignore[arg-type]
    return images


def counted_to(tables: Tables) -> int:
    """The last log position that the table has counted; 0 before the first."""
    return tables.read(HOURLY_TRAFFIC).select(pl.col("log_position").max()).collect().item() or 0


def hourly_traffic(rows: pl.DataFrame, *, counted: int, erased: set[int]) -> pl.DataFrame:
    """Rows of gold.hourly_traffic for COUNTED of new rows of the log, the first ones after
    `counted`. `erased`: positions that were taken out on purpose.
    """
    answered, status = pl.col("status_code") == 200, pl.col("status_code")
    fell_back = answered & (pl.col("served_model_name") != pl.col("assigned_model_name"))
    rows = rows.sort("log_position").with_columns(
        pl.col("timestamp").dt.hour().cast(pl.Int32).alias("hour"),
        pl.Series("bucket", bucket_of(rows.sort("log_position")["latency_ms"].to_numpy())),
        pl.Series("missing", _missing(rows["log_position"].sort().to_numpy(), counted, erased)),
    )
    last = rows["log_position"].max()
    sums = rows.group_by(KEYS, maintain_order=True).agg(
        pl.len().alias("n"),
        (status >= 500).sum().alias("failed"),
        status.is_between(400, 499).sum().alias("refused"),
        fell_back.sum().alias("fallbacks"),
        pl.col("missing").sum(),
        pl.col("bucket").filter(answered).alias("latency"),
    )
    latency = np.zeros((sums.height, BUCKETS), np.int64)
    for row, buckets in enumerate(sums["latency"]):
        latency[row] = np.bincount(buckets.to_numpy(), minlength=BUCKETS)
    return _with_latency(sums.with_columns(log_position=pl.lit(last)), latency)


def added_up(stored: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """The rows of `new` with what `stored` holds of the same keys; both of gold.hourly_traffic."""
    both = pl.concat([new, stored.join(new, on=KEYS, how="semi")]).with_row_index("row")
    sums = both.group_by(KEYS, maintain_order=True).agg(
        pl.col(*_SUMS).sum(), pl.col("log_position").max(), pl.col("row")
    )
    buckets = latency_counts(both)
    latency = np.array([buckets[list(its)].sum(axis=0) for its in sums["row"]])
    return _with_latency(sums.drop("row"), latency.reshape(sums.height, BUCKETS))


def latency_counts(traffic: pl.DataFrame) -> np.ndarray:
    """(N, BUCKETS) counts of rows of gold.hourly_traffic."""
    return traffic["latency"].explode().to_numpy().reshape(traffic.height, BUCKETS)


def _with_latency(sums: pl.DataFrame, latency: np.ndarray) -> pl.DataFrame:
    lists = pl.Series("latency", latency, pl.Array(pl.Int64, BUCKETS)).arr.to_list()
    return CONTRACTS[HOURLY_TRAFFIC].conform(sums.with_columns(lists))


def _missing(positions: np.ndarray, counted: int, erased: set[int]) -> np.ndarray:
    """Positions that are not there just before each of these; the log's very first may be any."""
    before = np.concatenate([[counted or positions[0] - 1], positions[:-1]])
    missing = positions - before - 1
    for place in np.flatnonzero(missing):
        missing[place] -= len(erased.intersection(range(before[place] + 1, positions[place])))
    return missing


def _erased(tables: Tables) -> set[int]:
    positions = tables.read(ERASURES).select(pl.col("log_positions").explode().drop_nulls())
    return set(positions.collect()["log_positions"].to_list())
