"""Gold, part four: how well the served models did, and the cases behind the decision's counts.

Kept incrementally: each table carries the positions of what it has taken in, and only days and
cases that new rows speak of are computed again. `benchmarks/` and a test compare with a rebuild
from nothing.
"""

from datetime import date

import dagster as dg
import polars as pl

from xray_assets.assets.entries import asset, spec
from xray_assets.cases.review_run import (
    LOG,
    READS,
    days_of,
    rows_after,
    settle,
    sum_up,
    touched_requests,
)
from xray_assets.catalog import (
    CLINICAL,
    COMPARISON_SUMMARY,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
)
from xray_assets.checks.table_metadata import column_lineage, table_metadata
from xray_assets.contracts.tables import COMPARISON_SUMMARY as SUMMARY_CONTRACT
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.pictures.decisions import confusion_matrices
from xray_assets.resources.tables import Tables

NEWEST = 10_000
"""Predictions that the view is evaluated on when it is materialized."""


@asset(PERFORMANCE, deps=[PREDICTIONS, PREDICTION_FEEDBACK])
def model_performance_live(tables: Tables) -> dg.MaterializeResult:
    """Evaluate the view on the newest predictions; fails where its promises do not hold."""
    since = tables.position(PREDICTIONS, LOG) - NEWEST
    live = _live(tables, rows_after(tables, PREDICTIONS, "log_position", since))
    return dg.MaterializeResult(
        metadata={
            "newest_day": str(live["prediction_date"].max()),
            "newest_predictions": live.height,
            "dagster/table_name": tables.full_name(PERFORMANCE),
            **column_lineage(PERFORMANCE),
        }
    )


@asset(COMPARISON_SUMMARY, deps=[PERFORMANCE])
def model_comparison_summary(tables: Tables) -> dg.MaterializeResult:
    """Each served entity, day by day. Only days that new predictions or new reads speak of are
    computed again.
    """
    log_end, last_rank = tables.position(PREDICTIONS, LOG), _last_rank(tables)
    new_predictions = rows_after(
        tables, PREDICTIONS, "log_position", tables.position(COMPARISON_SUMMARY, LOG)
    )
    new_reads = rows_after(
        tables, PREDICTION_FEEDBACK, "acceptance_rank", tables.position(COMPARISON_SUMMARY, READS)
    )
    days = set(days_of(new_predictions, "date")) | set(days_of(new_reads, "prediction_date"))
    rows = [_summary(tables, day) for day in sorted(days)]
    tables.merge(COMPARISON_SUMMARY, pl.concat([SUMMARY_CONTRACT.empty(), *rows]))
    _mark(tables, COMPARISON_SUMMARY, {LOG: log_end, READS: last_rank})
    totals = (
        tables.read(COMPARISON_SUMMARY)
        .group_by("served_model_name")
        .agg(pl.col("tp", "fp", "tn", "fn").sum())
        .collect()
    )
    return dg.MaterializeResult(
        metadata=table_metadata(tables, COMPARISON_SUMMARY)
        | {"days": len(days), "confusion": dg.MetadataValue.md(confusion_matrices(totals))}
    )


@dg.multi_asset(
    name="reviewed_cases",
    specs=[
        spec(SCORED_COUNTS, deps=[PAIRED_PREDICTIONS]),
        spec(REVIEWED_CASES, deps=[PAIRED_PREDICTIONS, PREDICTION_FEEDBACK]),
        spec(REVIEWED_COUNTS, deps=[REVIEWED_CASES]),
    ],
    pool="gold",
)
def reviewed_cases(tables: Tables):
    """Add new pairs to the ledger; settle again the consensus of every case that new pairs or new
    reads speak of, and sum up again the batches that hold one.
    """
    from xray_assets.cases.review import LEDGER_COLUMNS, ledger

    log_end, last_rank = tables.position(PAIRED_PREDICTIONS, LOG), _last_rank(tables)
    new_pairs = rows_after(
        tables, PAIRED_PREDICTIONS, "log_position", tables.position(SCORED_COUNTS, LOG)
    )
    counted = ledger(new_pairs.select(LEDGER_COLUMNS).collect())
    tables.append(SCORED_COUNTS, counted, source=LOG, position=log_end)
    settled = settle(tables, touched_requests(tables))
    summed = sum_up(tables, settled)
    _mark(tables, REVIEWED_COUNTS, {READS: last_rank})
    _mark(tables, REVIEWED_CASES, {LOG: log_end, READS: last_rank})
    yield dg.MaterializeResult(
        asset_key=SCORED_COUNTS, metadata=table_metadata(tables, SCORED_COUNTS)
    )
    yield dg.MaterializeResult(
        asset_key=REVIEWED_CASES,
        metadata=table_metadata(tables, REVIEWED_CASES) | {"settled_cases": settled.height},
    )
    yield dg.MaterializeResult(
        asset_key=REVIEWED_COUNTS,
        metadata=table_metadata(tables, REVIEWED_COUNTS) | {"batches_summed": summed},
    )


def _live(tables: Tables, predictions: pl.LazyFrame) -> pl.DataFrame:
    """Rows of the view for some predictions."""
    from xray_assets.cases.performance import LIVE_COLUMNS, performance

    rows = predictions.select(LIVE_COLUMNS).collect(engine="streaming")
    feedback = tables.read(PREDICTION_FEEDBACK).filter(
        pl.col("prediction_date").is_in(days_of(rows, "date")),
        pl.col("prediction_id").is_in(rows["request_id"].implode()),
    )
    return performance(rows, feedback.collect())


def _summary(tables: Tables, day: date) -> pl.DataFrame:
    """A day's rows of the summary. Of predictions without a read no more than their number is
    looked at.
    """
    from xray_assets.cases.performance import summary

    of_day = tables.read(PREDICTIONS).filter(pl.col("date") == day, pl.col("purpose") == CLINICAL)
    answered = of_day.filter(pl.col("status_code") == 200)
    totals = answered.group_by("served_model_name", "date").agg(total_predictions=pl.len())
    reads = tables.read(PREDICTION_FEEDBACK).filter(pl.col("prediction_date") == day)
    read_ids = reads.select(pl.col("prediction_id").unique()).collect()["prediction_id"]
    reviewed = of_day.filter(pl.col("request_id").is_in(read_ids.implode()))
    return summary(_live(tables, reviewed), totals.collect(engine="streaming"))


def _last_rank(tables: Tables) -> int:
    return (
        tables.read(PREDICTION_FEEDBACK).select(pl.col("acceptance_rank").max()).collect().item()
        or 0
    )


def _mark(tables: Tables, key: tuple[str, str], positions: dict[str, int]) -> None:
    """Store what a table has taken in. After its merges, which may be repeated: a crash in between
    repeats them.
    """
    for source, position in positions.items():
        tables.append(key, CONTRACTS[key].empty(), source=source, position=position)
