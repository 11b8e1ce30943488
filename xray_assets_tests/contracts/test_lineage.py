"""Column lineage: what is declared exists, lies upstream, and reaches Dagster's metadata."""

from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from xray_assets.assets.performance import model_performance_live
from xray_assets.cases.performance import performance, summary
from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    XRAY_METADATA,
    XRAY_REJECTS,
    Key,
)
from xray_assets.checks.table_metadata import column_lineage
from xray_assets.contracts.lineage import COLUMN_ORIGINS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings
from xray_assets_tests.feedback.scenery import NOON, prediction_rows, read_row, reads

LINEAGE = "dagster/column_lineage"


def origins(table: Key, column: str) -> set[tuple[Key, str]]:
    return set(COLUMN_ORIGINS[table][column])


def test_every_declared_column_is_in_the_contract_of_its_table() -> None:
    for table, columns in COLUMN_ORIGINS.items():
        for name, found in columns.items():
            for key, column in ((table, name), *found):
                assert column in CONTRACTS[key].schema.names(), (key, column)


def test_every_table_that_a_column_comes_from_is_upstream_in_the_graph() -> None:
    graph = build_definitions(Settings()).resolve_asset_graph()
    for table, columns in COLUMN_ORIGINS.items():
        above = graph.get_ancestor_asset_keys(dg.AssetKey(table))
        named = {dg.AssetKey(key) for found in columns.values() for key, _ in found}
        assert named <= above, table


def test_a_score_of_a_pair_is_followed_to_the_log_and_to_the_model_of_the_experiment() -> None:
    assert origins(PERFORMANCE, "prediction_score") == {(PREDICTIONS, "prediction")}
    assert origins(PAIRED_PREDICTIONS, "challenger_label") == {
        (PREDICTIONS, "prediction"),
        (PREDICTIONS, "image_sha256"),
        (EXPERIMENTS, "challenger_artifact_sha256"),
        (EXPERIMENTS, "challenger_threshold"),
    }
    assert origins(COMPARISON_SUMMARY, "accuracy_low") == {(PERFORMANCE, "confusion_label")}
    assert set(COLUMN_ORIGINS[COMPARISON_SUMMARY]) == set(
        CONTRACTS[COMPARISON_SUMMARY].schema.names()
    )
    assert set(COLUMN_ORIGINS[PERFORMANCE]) == set(CONTRACTS[PERFORMANCE].schema.names())


def test_silver_names_only_columns_that_the_table_has() -> None:
    assert "label" in COLUMN_ORIGINS[XRAY_METADATA]
    assert set(COLUMN_ORIGINS[XRAY_REJECTS]) == {
        "image_id",
        "file_path",
        "source_batch_id",
        "filename",
        "category",
    }


CHANGES = {
    "prediction": pl.lit(0.123),
    "predicted_label": 1 - pl.col("predicted_label"),
    "timestamp": pl.col("timestamp").dt.offset_by("1m"),
    "served_model_name": pl.lit("another-2"),
    "latency_ms": pl.lit(9.0),
    "status_code": pl.lit(201, pl.Int32),
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_changed_prediction_changes_only_columns_that_name_it(column: str) -> None:
    predictions = prediction_rows([(name, int(name > "b"), NOON) for name in "abcd"])
    feedback = reads(*(read_row(number, prediction_id=name) for number, name in enumerate("abc")))
    before = performance(predictions, feedback)
    after = performance(predictions.with_columns(CHANGES[column].alias(column)), feedback)
    changed = {name for name in before.columns if not before[name].equals(after[name])}
    declared = {
        name
        for name, found in COLUMN_ORIGINS[PERFORMANCE].items()
        if (PREDICTIONS, column) in found
    }
    assert changed == declared


def test_the_summary_depends_on_the_named_columns_alone() -> None:
    predictions = prediction_rows([(name, int(name > "b"), NOON) for name in "abcd"])
    live = performance(predictions, reads(read_row(0, prediction_id="a")))
    named = {column for found in COLUMN_ORIGINS[COMPARISON_SUMMARY].values() for _, column in found}
    kept = {*named, "status_code"}  # a filter
    others = [pl.lit(None).alias(name) for name in live.columns if name not in kept]
    assert summary(live.with_columns(others)).equals(summary(live))


def test_the_lineage_is_metadata_and_a_table_without_one_has_none() -> None:
    shown = column_lineage(PERFORMANCE)[LINEAGE].deps_by_column
    assert shown["ground_truth"] == [
        dg.TableColumnDep(dg.AssetKey(PREDICTION_FEEDBACK), "ground_truth")
    ]
    assert column_lineage(PREDICTIONS) == {}


def test_the_view_shows_its_lineage_too(tmp_path: Path) -> None:
    tables = LocalDelta(root=str(tmp_path))
    result = dg.materialize([model_performance_live], resources={"tables": tables})
    (shown,) = result.get_asset_materialization_events()
    assert LINEAGE in shown.materialization.metadata
