"""Every query of docs/sql.md runs, and the figures are those that polars counts."""

import re
from typing import Any

import polars as pl
import pytest

from xray_assets.cases.performance import performance
from xray_assets.catalog import PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import PROJECT
from xray_assets.sql.lake import LakeSql
from xray_assets_tests.sql.made_lake import fill

TEXT = (PROJECT / "docs" / "sql.md").read_text()
QUERIES = dict(re.findall(r"^## ([^\n]+)\n(?:(?!^## ).)*?```sql\n(.+?)```", TEXT, re.M | re.S))
ALL_QUERIES = re.findall(r"```sql\n(.+?)```", TEXT, re.S)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> LocalDelta:
    lake = LocalDelta(root=str(tmp_path_factory.mktemp("lake")))
    fill(lake)
    return lake


@pytest.fixture(scope="module")
def live(tables: LocalDelta) -> pl.DataFrame:
    rows = performance(
        tables.read(PREDICTIONS).collect(), tables.read(PREDICTION_FEEDBACK).collect()
    )
    return rows.filter(status_code=200)


def answer(tables: LocalDelta, title: str) -> dict[Any, dict[str, Any]]:
    """Rows of a documented query by served model."""
    found = LakeSql(tables).run(QUERIES[title])
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    return {row["served_model_name"]: row for row in rows}


@pytest.mark.parametrize("query", ALL_QUERIES, ids=range(len(ALL_QUERIES)))
def test_every_documented_query_runs(tables: LocalDelta, query: str) -> None:
    list(LakeSql(tables).run(query).rows)


def test_the_five_asked_for_queries_are_documented() -> None:
    wanted = {"Traffic share", "Accuracy by model", "Confusion matrix", "Daily trend", "Coverage"}
    assert wanted <= set(QUERIES)


def test_traffic_shares_sum_to_a_hundred(tables: LocalDelta, live: pl.DataFrame) -> None:
    shares = answer(tables, "Traffic share")
    assert sum(row["traffic_pct"] for row in shares.values()) == pytest.approx(100, abs=0.2)
    assert {name: row["requests"] for name, row in shares.items()} == counts(live)


def test_accuracy_is_that_of_reviewed_predictions_alone(
    tables: LocalDelta, live: pl.DataFrame
) -> None:
    for name, row in answer(tables, "Accuracy by model").items():
        reviewed = live.filter(pl.col("served_model_name") == name)["is_correct"].drop_nulls()
        assert (row["reviewed"], row["accuracy"]) == (
            len(reviewed),
            pytest.approx(reviewed.cast(pl.Float64).mean(), abs=1e-4),
        )


def test_the_confusion_matrix_counts_each_consensus_once(
    tables: LocalDelta, live: pl.DataFrame
) -> None:
    for name, row in answer(tables, "Confusion matrix").items():
        its = live.filter(pl.col("served_model_name") == name)
        for label in ("TP", "FP", "TN", "FN"):
            assert row[label.lower()] == its.filter(confusion_label=label).height
        assert row["sensitivity"] == pytest.approx(row["tp"] / (row["tp"] + row["fn"]), abs=1e-4)


def test_the_daily_trend_adds_up_to_all_predictions(tables: LocalDelta, live: pl.DataFrame) -> None:
    found = LakeSql(tables).run(QUERIES["Daily trend"])
    total = sum(dict(zip(found.columns, row, strict=True))["predictions"] for row in found.rows)
    assert total == live.height


def test_coverage_is_reviewed_over_answered(tables: LocalDelta, live: pl.DataFrame) -> None:
    for name, row in answer(tables, "Coverage").items():
        its = live.filter(pl.col("served_model_name") == name)
        reviewed = its["feedback_id"].drop_nulls().len()
        assert row["coverage_pct"] == pytest.approx(100 * reviewed / its.height, abs=0.05)


def counts(live: pl.DataFrame) -> dict[str, int]:
    return dict(live.group_by("served_model_name").len().iter_rows())
