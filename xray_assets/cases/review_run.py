"""Settle cases and keep their counts, exactly once: which rows are read, in which order the tables
are written.

Every write is an upsert that may be repeated, and the positions that say what was taken in are
stored after all of them (by the asset), so a crash between any two writes is finished by the next
run. What a case and a count are is in `review.py`.
"""

from datetime import date

import polars as pl

from xray_assets.cases.review import CASE_COLUMNS, LEDGER_COLUMNS, batch_counts, review
from xray_assets.catalog import (
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    Key,
)
from xray_assets.contracts.bounds import Between
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.promotion.rule import PromotionRule

LOG, READS = "inference_log", "accepted_reads"
"""Sources whose positions gold tables carry: log position and acceptance rank."""


def touched_requests(tables: Tables) -> pl.DataFrame:
    """Days and request ids that new reads speak of, or new pairs that were read before they were
    paired.
    """
    log_mark, read_mark = (tables.position(REVIEWED_CASES, source) for source in (LOG, READS))
    reads = tables.read(PREDICTION_FEEDBACK).select(
        "acceptance_rank", date="prediction_date", request_id="prediction_id"
    )
    late = rows_after(tables, PAIRED_PREDICTIONS, "log_position", log_mark).select(
        "date", "request_id"
    )
    earlier = reads.filter(
        pl.col("date").is_in(days_of(late, "date")), pl.col("acceptance_rank") <= read_mark
    )
    late_read = late.join(earlier, on="request_id", how="semi")
    new = reads.filter(pl.col("acceptance_rank") > read_mark).select("date", "request_id")
    return pl.concat([late_read, new]).unique().collect()


def settle(tables: Tables, touched: pl.DataFrame) -> pl.DataFrame:
    """Settle the touched cases, experiment by experiment; returns the rows that were written."""
    days, ids = days_of(touched, "date"), touched["request_id"].unique().implode()
    written = [CONTRACTS[REVIEWED_CASES].empty()]
    cases = (
        tables.read(PAIRED_PREDICTIONS)
        .filter(pl.col("date").is_in(days), "is_case", pl.col("request_id").is_in(ids))
        .collect()
    )
    reads = (
        tables.read(PREDICTION_FEEDBACK)
        .filter(pl.col("prediction_date").is_in(days), pl.col("prediction_id").is_in(ids))
        .collect()
    )
    for (experiment_id,), its_cases in cases.group_by("experiment_id"):
        settled = tables.read(REVIEWED_CASES).filter(pl.col("experiment_id") == experiment_id)
        last_rank = settled.select(pl.col("review_rank").max()).collect().item()
        known = settled.filter(pl.col("prediction_date").is_in(days))
        rows = review(
            its_cases,
            reads,
            known.select("request_id", "review_rank").collect(),
            next_rank=0 if last_rank is None else last_rank + 1,
        )
        its_days = days_of(rows, "prediction_date")
        within = {"experiment_id": [experiment_id], "prediction_date": its_days}
        tables.merge(REVIEWED_CASES, rows, within=within)
        written.append(rows)
    return pl.concat(written)


def sum_up(tables: Tables, settled: pl.DataFrame) -> int:
    """Sum up again every batch that a settled case lies in; returns how many.

    From all cases of the batch, so it may be repeated. A table that does not know the reads that
    gold.reviewed_cases has taken in (it is new, or was deleted) is summed up from nothing.
    """
    rule = PromotionRule()
    cases = tables.read(REVIEWED_CASES).select(CASE_COLUMNS)
    if tables.position(REVIEWED_COUNTS, READS) < tables.position(REVIEWED_CASES, READS):
        settled = cases.select("experiment_id", "review_rank").collect()
    batch = pl.col("review_rank") // rule.reviews_per_batch
    touched = settled.select("experiment_id", batch=batch).unique()
    for (experiment_id,), its_batches in touched.group_by("experiment_id"):
        numbers = its_batches["batch"]
        first, last = int(numbers.min()), int(numbers.max())  # type: ignore[arg-type]
        its_cases = cases.filter(
            pl.col("experiment_id") == experiment_id,
            pl.col("review_rank") >= first * rule.reviews_per_batch,
            pl.col("review_rank") < (last + 1) * rule.reviews_per_batch,
            batch.is_in(numbers.implode()),
        )
        within = {"experiment_id": [experiment_id], "batch": Between(first, last)}
        tables.merge(REVIEWED_COUNTS, batch_counts(its_cases.collect(), rule), within=within)
    return touched.height


def new_pairs(tables: Tables, low: int, high: int) -> pl.DataFrame:
    """Pairs of the log's positions above `low`, up to `high`, as `review.ledger` counts them."""
    window = pl.col("log_position").is_between(low, high, closed="right")
    pairs = tables.read(PAIRED_PREDICTIONS).filter(window).select(LEDGER_COLUMNS)
    chances = tables.read(REVIEW_ASSIGNMENTS).filter(window)
    chances = chances.select("request_id", "experiment_id", "chance")
    return pairs.join(chances, on=["request_id", "experiment_id"], how="left").collect()


def rows_after(tables: Tables, key: Key, column: str, position: int) -> pl.LazyFrame:
    """The rows of a table whose `column` is above a position."""
    return tables.read(key).filter(pl.col(column) > position)


def days_of(rows: pl.DataFrame | pl.LazyFrame, column: str) -> list[date]:
    """The distinct days of a column, in order."""
    return rows.lazy().select(pl.col(column).unique().sort()).collect()[column].to_list()
