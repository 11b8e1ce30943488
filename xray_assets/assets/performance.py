"""Gold, part four: how well the served models did, and the cases behind the decision's counts.

Kept incrementally: each table carries the positions of what it has taken in, and only days and
cases that new rows speak of are computed again. `benchmarks/` and a test compare with a rebuild
from nothing.
"""

import dagster as dg
import polars as pl

from xray_assets.assets.entries import asset, spec
from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    SETTLED,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.tables import Tables


@asset(PERFORMANCE, deps=[PREDICTIONS, PREDICTION_FEEDBACK])
def model_performance_live(tables: Tables) -> dg.MaterializeResult:
    """Add new predictions, and work out again those with new reads."""
    from xray_assets.cases.performance_run import bring_up_to_date

    written = bring_up_to_date(tables)
    return dg.MaterializeResult(metadata=table_metadata(tables, PERFORMANCE, written_rows=written))


@asset(COMPARISON_SUMMARY, deps=[PERFORMANCE, REVIEW_ASSIGNMENTS])
def model_comparison_summary(tables: Tables) -> dg.MaterializeResult:
    """Each served entity, day by day. Only days with new predictions or new reads are summed up
    again.
    """
    from xray_assets.cases.performance import summary
    from xray_assets.cases.review_run import LOG, READS, days_of
    from xray_assets.pictures.decisions import confusion_matrices

    live = tables.read(PERFORMANCE)
    upto = {source: tables.position(PERFORMANCE, source) for source in (LOG, READS)}
    days = days_of(
        live.filter(
            (pl.col("log_position") > tables.position(COMPARISON_SUMMARY, LOG))
            | (pl.col("read_rank") > tables.position(COMPARISON_SUMMARY, READS))
        ),
        "prediction_date",
    )
    of_days = pl.col("prediction_date").is_in(days)
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter(of_days, "drawn", pl.col("state") == SETTLED)
    figures = summary(live.filter(of_days), drawn.select("request_id", "chance"))
    tables.merge(COMPARISON_SUMMARY, figures)
    _mark(tables, COMPARISON_SUMMARY, upto)
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
        spec(SCORED_COUNTS, deps=[PAIRED_PREDICTIONS, REVIEW_ASSIGNMENTS]),
        spec(REVIEWED_CASES, deps=[PAIRED_PREDICTIONS, PREDICTION_FEEDBACK]),
        spec(REVIEWED_COUNTS, deps=[REVIEWED_CASES]),
    ],
    pool="gold",
)
def reviewed_cases(tables: Tables):
    """Add new pairs to the ledger; settle again the consensus of every case that new pairs or new
    reads speak of, and sum up again the batches that hold one.
    """
    from xray_assets.cases.review import ledger
    from xray_assets.cases.review_run import (
        LOG,
        READS,
        new_pairs,
        settle,
        sum_up,
        touched_requests,
    )

    log_end, last_rank = tables.position(REVIEW_ASSIGNMENTS, LOG), _last_rank(tables)
    counted = ledger(new_pairs(tables, tables.position(SCORED_COUNTS, LOG), log_end))
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
