"""Gold, part four: how well the served models did, and the cases behind the decision's counts.

Kept incrementally: each table carries the positions of what it has taken in, and only days and
cases that new rows speak of are computed again. `benchmarks/` and a test compare with a rebuild
from nothing.
"""

from collections.abc import Iterable
from datetime import date

import dagster as dg
import polars as pl

from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    OWNERS,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    REVIEWED_CASES,
    SCORED_COUNTS,
)
from xray_assets.contract_checks import contract_check
from xray_assets.pictures.decisions import confusion_matrices
from xray_assets.resources.tables import Tables
from xray_assets.table_contracts import COMPARISON_SUMMARY as SUMMARY_CONTRACT
from xray_assets.table_contracts import CONTRACTS
from xray_assets.table_contracts import REVIEWED_CASES as REVIEWED_CONTRACT
from xray_assets.table_contracts import SCORED_COUNTS as SCORED_CONTRACT
from xray_assets.table_metadata import gold_table, table_metadata

LOG, READS = "inference_log", "accepted_reads"
"""Sources whose positions the tables here carry: log position and acceptance rank."""


@dg.asset(
    key=dg.AssetKey(PERFORMANCE),
    deps=[dg.AssetKey(PREDICTIONS), dg.AssetKey(PREDICTION_FEEDBACK)],
    group_name="gold",
    kinds={"duckdb"},
    owners=OWNERS,
    pool="gold",
)
def model_performance_live(tables: Tables) -> dg.MaterializeResult:
    """Every prediction with the consensus of its reads: a view over predictions and feedback.

    Grain: a prediction. Materializing it evaluates the view on the newest day and fails where its
    promises do not hold.
    """
    newest = tables.read(PREDICTIONS).select(pl.col("date").max()).collect().item()
    live = _live(tables, [newest] if newest else [])
    return dg.MaterializeResult(
        metadata={
            "newest_day": str(newest),
            "predictions_that_day": live.height,
            "dagster/table_name": tables.full_name(PERFORMANCE),
        }
    )


@dg.asset(
    key=dg.AssetKey(COMPARISON_SUMMARY),
    deps=[dg.AssetKey(PERFORMANCE)],
    group_name="gold",
    kinds={"delta"},
    owners=OWNERS,
    pool="gold",
)
def model_comparison_summary(tables: Tables) -> dg.MaterializeResult:
    """Traffic, coverage and performance of each served entity, day by day, with 95 % intervals.

    Grain: a served entity and day. Only days that new predictions or new reads speak of are
    computed again.
    """
    from xray_assets.cases.performance import summary

    log_end, last_rank = tables.position(PREDICTIONS, LOG), _last_rank(tables)
    new_predictions = _after(
        tables, PREDICTIONS, "log_position", tables.position(COMPARISON_SUMMARY, LOG)
    )
    new_reads = _after(
        tables, PREDICTION_FEEDBACK, "acceptance_rank", tables.position(COMPARISON_SUMMARY, READS)
    )
    days = set(_days(new_predictions, "date")) | set(_days(new_reads, "prediction_date"))
    rows = [summary(_live(tables, [day])) for day in sorted(days)]
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
        gold_table(SCORED_COUNTS, deps=[PAIRED_PREDICTIONS], grain="a batch and cell"),
        gold_table(
            REVIEWED_CASES,
            deps=[PAIRED_PREDICTIONS, PREDICTION_FEEDBACK],
            grain="a case of an experiment",
        ),
    ],
    pool="gold",
)
def reviewed_cases(tables: Tables):
    """Add new pairs to the ledger; settle again the consensus of every case that new pairs or new
    reads speak of.
    """
    from xray_assets.cases.review import LEDGER_COLUMNS, ledger

    log_end, last_rank = tables.position(PAIRED_PREDICTIONS, LOG), _last_rank(tables)
    new_pairs = _after(
        tables, PAIRED_PREDICTIONS, "log_position", tables.position(SCORED_COUNTS, LOG)
    )
    counted = ledger(new_pairs.select(LEDGER_COLUMNS).collect())
    tables.append(SCORED_COUNTS, counted, source=LOG, position=log_end)
    touched = _touched(tables)
    settled = _settle(tables, touched)
    _mark(tables, REVIEWED_CASES, {LOG: log_end, READS: last_rank})
    yield dg.MaterializeResult(
        asset_key=SCORED_COUNTS, metadata=table_metadata(tables, SCORED_COUNTS)
    )
    yield dg.MaterializeResult(
        asset_key=REVIEWED_CASES,
        metadata=table_metadata(tables, REVIEWED_CASES) | {"settled_cases": settled},
    )


def _touched(tables: Tables) -> pl.DataFrame:
    """Days and request ids that new reads speak of, or new pairs that were read before they were
    paired.
    """
    log_mark, read_mark = (tables.position(REVIEWED_CASES, source) for source in (LOG, READS))
    reads = tables.read(PREDICTION_FEEDBACK).select(
        "acceptance_rank", date="prediction_date", request_id="prediction_id"
    )
    late = _after(tables, PAIRED_PREDICTIONS, "log_position", log_mark).select("date", "request_id")
    earlier = reads.filter(
        pl.col("date").is_in(_days(late, "date")), pl.col("acceptance_rank") <= read_mark
    )
    late_read = late.join(earlier, on="request_id", how="semi")
    new = reads.filter(pl.col("acceptance_rank") > read_mark).select("date", "request_id")
    return pl.concat([late_read, new]).unique().collect()


def _settle(tables: Tables, touched: pl.DataFrame) -> int:
    """Settle the touched cases, experiment by experiment; returns how many rows were written."""
    from xray_assets.cases.review import review

    days, ids, written = _days(touched, "date"), touched["request_id"].unique().implode(), 0
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
        in_days = ", ".join(f"'{day}'" for day in _days(rows, "prediction_date"))
        tables.merge(
            REVIEWED_CASES,
            rows,
            within=f"t.experiment_id = '{experiment_id}' AND t.prediction_date IN ({in_days})",
        )
        written += rows.height
    return written


def _live(tables: Tables, days: list[date]) -> pl.DataFrame:
    from xray_assets.cases.performance import performance

    predictions = tables.read(PREDICTIONS).filter(pl.col("date").is_in(days)).collect()
    feedback = (
        tables.read(PREDICTION_FEEDBACK).filter(pl.col("prediction_date").is_in(days)).collect()
    )
    return performance(predictions, feedback)


def _after(tables: Tables, key: tuple[str, str], column: str, position: int) -> pl.LazyFrame:
    return tables.read(key).filter(pl.col(column) > position)


def _last_rank(tables: Tables) -> int:
    return (
        tables.read(PREDICTION_FEEDBACK).select(pl.col("acceptance_rank").max()).collect().item()
        or 0
    )


def _days(rows: pl.DataFrame | pl.LazyFrame, column: str) -> list[date]:
    return rows.lazy().select(pl.col(column).unique().sort()).collect()[column].to_list()


def _mark(tables: Tables, key: tuple[str, str], positions: dict[str, int]) -> None:
    """Store what a table has taken in. After its merges, which may be repeated: a crash in between
    repeats them.
    """
    for source, position in positions.items():
        tables.append(key, CONTRACTS[key].empty(), source=source, position=position)


performance_checks: Iterable[dg.AssetChecksDefinition] = [
    contract_check(SUMMARY_CONTRACT),
    contract_check(SCORED_CONTRACT),
    contract_check(REVIEWED_CONTRACT),
]
