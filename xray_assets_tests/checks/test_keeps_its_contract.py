"""The generated contract check, on real Delta tables and a real Dagster instance."""

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable

from xray_assets.catalog import (
    PREDICTIONS,
    REVIEWED_CASES,
    XRAY_METADATA,
    XRAY_REJECTS,
)
from xray_assets.checks.keeps_its_contract import (
    CHECK_NAME,
    FULL_CHECKS_TAG,
    contract_check,
    last_passing,
)
from xray_assets.checks.reading import Checked, examine
from xray_assets.checks.table_metadata import column_schema, data_version, table_metadata
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
LOG = CONTRACTS[PREDICTIONS]


@pytest.fixture
def tables(tmp_path: Path) -> LocalDelta:
    return LocalDelta(root=str(tmp_path / "lake"))


def log_rows(*positions: int, status: int = 200) -> pl.DataFrame:
    row = dict.fromkeys(LOG.schema.names()) | {
        "date": NOW.date(),
        "timestamp": NOW,
        "served_model_name": "m-1",
        "assigned_model_name": "m-1",
        "model_name": "m",
        "model_version": 1,
        "config_version": 1,
        "status_code": status,
        "latency_ms": 1.0,
        "site": "other",
        "purpose": "clinical",
    }
    rows = [
        row | {"request_id": f"r{position}", "log_position": position} for position in positions
    ]
    return pl.DataFrame(rows, schema=LOG.schema)


def reject_rows(*ids: str) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "image_id": i,
                "file_path": "p",
                "reason": "r",
                "rejected_at": NOW,
                "source_batch_id": "b",
            }
            for i in ids
        ],
        schema=CONTRACTS[XRAY_REJECTS].schema,
    )


def store_unchecked(tables: LocalDelta, key: tuple[str, str], rows: pl.DataFrame) -> None:
    """Write past the contract, as a foreign writer would."""
    Path(tables.uri(key)).mkdir(parents=True, exist_ok=True)
    rows.write_delta(tables.uri(key), mode="append")


def case_rows(*cases: tuple[str, int]) -> pl.DataFrame:
    """Reviewed cases of (request id, day of the month)."""
    row = {
        "experiment_id": "e",
        "case_key": "k",
        "site": "other",
        "stratum": 0,
        "served_arm": "champion",
        "champion_label": 1,
        "challenger_label": 1,
        "truth": 1,
        "n_readers": 1,
        "review_rank": 0,
    }
    rows = [row | {"request_id": i, "prediction_date": dt.date(2026, 3, day)} for i, day in cases]
    return pl.DataFrame(rows, schema=CONTRACTS[REVIEWED_CASES].schema)


def evaluate(
    instance: dg.DagsterInstance, tables: LocalDelta, *, full: bool = False
) -> dg.AssetCheckEvaluation:
    @dg.asset(key=dg.AssetKey(PREDICTIONS))
    def predictions() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    result = dg.materialize(
        [predictions, contract_check(LOG)],
        instance=instance,
        tags={FULL_CHECKS_TAG: "true"} if full else {},
        resources={"tables": tables},
        raise_on_error=False,
    )
    (evaluation,) = result.get_asset_check_evaluations()
    return evaluation


def test_a_kept_contract_passes_and_a_broken_one_names_column_and_value(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    assert examine(CONTRACTS[XRAY_REJECTS], tables).problems == ()
    store_unchecked(tables, XRAY_REJECTS, reject_rows("a"))
    assert examine(CONTRACTS[XRAY_REJECTS], tables).problems == ("1 rows repeat image_id",)


def test_stored_columns_that_differ_from_the_contract_are_named(tables: LocalDelta) -> None:
    rows = (
        reject_rows("a")
        .drop("reason")
        .with_columns(pl.lit(1).alias("surprise"), pl.lit(7).alias("file_path"))
    )
    store_unchecked(tables, XRAY_REJECTS, rows)
    problems = " ".join(examine(CONTRACTS[XRAY_REJECTS], tables).problems)
    assert "reason is missing" in problems
    assert "surprise is not in the contract" in problems
    assert "file_path is stored as" in problems


def test_a_table_that_was_never_written_keeps_its_contract(tables: LocalDelta) -> None:
    assert examine(CONTRACTS[XRAY_METADATA], tables).problems == ()
    assert examine(LOG, tables).problems == ()


def test_only_rows_above_the_last_passing_evaluation_are_read(tables: LocalDelta) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tables.append(PREDICTIONS, log_rows(1, 2, 3))
        assert evaluate(instance, tables).metadata["rows_read"].value == 3
        assert last_passing(instance, LOG, tables) == Checked(to=3, rows=3)
        tables.append(PREDICTIONS, log_rows(4, 5))
        assert evaluate(instance, tables).metadata["rows_read"].value == 2
        again = evaluate(instance, tables)
        assert again.passed and again.metadata["rows_read"].value == 0
        assert last_passing(instance, LOG, tables) == Checked(to=5, rows=5)


def test_a_failing_evaluation_is_blocking_and_does_not_move_the_cursor(tables: LocalDelta) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tables.append(PREDICTIONS, log_rows(1, 2))
        assert evaluate(instance, tables).passed
        store_unchecked(tables, PREDICTIONS, log_rows(3, status=7))
        for _ in range(2):
            failed = evaluate(instance, tables)
            assert (
                not failed.passed
                and failed.blocking
                and failed.severity is dg.AssetCheckSeverity.ERROR
            )
            assert "status_code" in (failed.description or "")
        assert last_passing(instance, LOG, tables) == Checked(to=2, rows=2)


@pytest.mark.parametrize("late", [0, 2])
def test_a_row_that_arrives_at_or_below_the_cursor_is_found(tables: LocalDelta, late: int) -> None:
    tables.append(PREDICTIONS, log_rows(1, 2))
    store_unchecked(tables, PREDICTIONS, log_rows(late, 3))
    (problem,) = examine(LOG, tables, Checked(to=2, rows=2)).problems
    assert "1 rows came or went at or below log_position 2" in problem


def test_vanished_rows_are_found(tables: LocalDelta) -> None:
    tables.append(PREDICTIONS, log_rows(1))
    assert "2 rows vanished" in examine(LOG, tables, Checked(to=3, rows=3)).problems[0]


def test_a_row_without_a_cursor_value_is_found(tables: LocalDelta) -> None:
    store_unchecked(
        tables, PREDICTIONS, log_rows(1).with_columns(pl.lit(None, pl.Int64).alias("log_position"))
    )
    assert "log_position" in examine(LOG, tables, Checked(to=0, rows=0)).problems[0]


def test_a_long_history_is_read_in_windows_and_judged_whole(
    tables: LocalDelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_assets.checks.reading.ROWS_AT_ONCE", 4)
    tables.append(PREDICTIONS, log_rows(*range(1, 10)))
    verdict = examine(LOG, tables)
    assert (verdict.problems, verdict.rows_read, verdict.checked) == ((), 9, Checked(9, 9))
    store_unchecked(tables, PREDICTIONS, log_rows(20, 21, status=7))
    assert "2 rows break status_code" in " ".join(examine(LOG, tables).problems)


def test_a_long_table_without_a_cursor_is_read_partition_by_partition(
    tables: LocalDelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_assets.checks.reading.ROWS_AT_ONCE", 2)
    tables.append(REVIEWED_CASES, case_rows(("a", 1), ("b", 2), ("c", 2)))
    assert examine(CONTRACTS[REVIEWED_CASES], tables).rows_read == 3
    tables.append(REVIEWED_CASES, case_rows(("b", 2)))
    assert examine(CONTRACTS[REVIEWED_CASES], tables).problems == (
        "1 rows repeat experiment_id, request_id",
    )


REJECTS = CONTRACTS[XRAY_REJECTS]
EMPTY_REASON = pl.lit(None, pl.String).alias("reason")


def checked(tables: LocalDelta, *, version: int, rows: int) -> Checked:
    """A passing evaluation of the rejects at a version."""
    identity = DeltaTable(tables.uri(XRAY_REJECTS)).metadata().id
    return Checked(f"{identity}@{version}", rows)


def test_without_a_cursor_only_rows_of_new_files_are_read_again(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    first = examine(REJECTS, tables)
    assert (first.rows_read, first.checked) == (2, checked(tables, version=1, rows=2))
    assert examine(REJECTS, tables, first.checked).rows_read == 0
    tables.append(XRAY_REJECTS, reject_rows("c"))
    second = examine(REJECTS, tables, first.checked)
    assert (second.problems, second.rows_read) == ((), 1)
    assert second.checked == checked(tables, version=2, rows=3)


def test_a_row_that_was_changed_since_is_read_again(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    before = examine(REJECTS, tables).checked
    tables.merge(XRAY_REJECTS, reject_rows("a").with_columns(reason=pl.lit("another")))
    changed = examine(REJECTS, tables, before)
    assert changed.rows_read >= 1 and changed.problems == ()


def test_a_bad_row_in_a_new_file_is_found(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    before = examine(REJECTS, tables).checked
    store_unchecked(tables, XRAY_REJECTS, reject_rows("c").with_columns(EMPTY_REASON))
    (problem,) = examine(REJECTS, tables, before).problems
    assert "1 rows break reason" in problem


def test_a_new_row_with_the_key_of_a_checked_one_is_found(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b", "d"))
    before = examine(REJECTS, tables).checked
    store_unchecked(tables, XRAY_REJECTS, reject_rows("b", "c"))
    (problem,) = examine(REJECTS, tables, before).problems
    assert problem == "1 checked rows have the image_id of new ones"


def test_keys_are_compared_across_partitions(tables: LocalDelta) -> None:
    contract = CONTRACTS[REVIEWED_CASES]
    tables.append(REVIEWED_CASES, case_rows(("a", 1), ("b", 2), ("c", 2)))
    before = examine(contract, tables).checked
    tables.append(REVIEWED_CASES, case_rows(("d", 3)))
    again = examine(contract, tables, before)
    assert (again.problems, again.rows_read) == ((), 1)
    tables.append(REVIEWED_CASES, case_rows(("b", 3)))
    (problem,) = examine(contract, tables, before).problems
    assert problem == "1 checked rows have the experiment_id, request_id of new ones"


def test_where_the_checked_version_is_gone_every_row_is_read(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    assert examine(REJECTS, tables, checked(tables, version=7, rows=2)).rows_read == 2
    tables.append(XRAY_REJECTS, reject_rows("c"))
    log = Path(tables.uri(XRAY_REJECTS)) / "_delta_log"
    DeltaTable(tables.uri(XRAY_REJECTS)).create_checkpoint()
    (log / f"{0:020}.json").unlink()
    assert examine(REJECTS, tables, checked(tables, version=0, rows=2)).rows_read == 3


def test_a_table_that_was_made_anew_is_read_whole(tables: LocalDelta) -> None:
    tables.append(XRAY_REJECTS, reject_rows("a"))
    before = examine(REJECTS, tables).checked
    shutil.rmtree(tables.uri(XRAY_REJECTS))
    store_unchecked(tables, XRAY_REJECTS, reject_rows("a", "b").with_columns(EMPTY_REASON))
    assert examine(REJECTS, tables, before).rows_read == 2
    assert examine(REJECTS, tables, before).problems


def test_a_full_check_reads_what_was_checked(tables: LocalDelta) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tables.append(PREDICTIONS, log_rows(1, 2, 5))
        assert evaluate(instance, tables).metadata["rows_read"].value == 3
        assert evaluate(instance, tables).metadata["rows_read"].value == 0
        assert evaluate(instance, tables, full=True).metadata["rows_read"].value == 3


def test_a_contract_that_promises_something_else_is_checked_on_every_row(
    tables: LocalDelta,
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tables.append(PREDICTIONS, log_rows(1, 2, 5))
        assert evaluate(instance, tables).passed
        assert last_passing(instance, LOG, tables) == Checked(to=5, rows=3)
        reworded = replace(LOG, columns=tuple(replace(c, description="d") for c in LOG.columns))
        assert last_passing(instance, reworded, tables) == Checked(to=5, rows=3)
        stricter = replace(LOG, columns=tuple(replace(c, maximum=1) for c in LOG.columns))
        assert last_passing(instance, stricter, tables) is None


def test_every_table_that_an_asset_writes_has_a_blocking_check_and_no_knob_in_launchpads() -> None:
    definitions = build_definitions(Settings())
    graph = definitions.resolve_asset_graph()
    assets = {tuple(key.path) for key in graph.get_all_asset_keys()}
    for key in assets & CONTRACTS.keys():
        check = graph.get(dg.AssetCheckKey(dg.AssetKey(key), CHECK_NAME))
        assert check.blocking, key
    nodes = definitions.resolve_job_def("lineage").nodes
    checks = [node.definition for node in nodes if node.name.endswith(CHECK_NAME)]
    assert len(checks) >= 15
    schemas = [check.config_schema.as_field().config_type for check in checks]
    assert not [schema for schema in schemas if getattr(schema, "fields", {})]


def test_metadata_carries_rows_schema_name_and_place(tables: LocalDelta) -> None:
    assert data_version(tables, XRAY_REJECTS).value == "delta-none"
    tables.append(XRAY_REJECTS, reject_rows("a", "b"))
    metadata = table_metadata(tables, XRAY_REJECTS, refused=2)
    assert metadata["dagster/row_count"] == tables.row_count(XRAY_REJECTS) == 2
    assert metadata["dagster/table_name"] == "healthcare_catalog_dev.silver.xray_rejects"
    assert metadata["dagster/uri"].endswith("silver/xray_rejects")
    assert metadata["refused"] == 2
    assert "image_id" in metadata["dagster/column_lineage"].deps_by_column
    assert data_version(tables, XRAY_REJECTS).value == "delta-1"


def test_the_schema_shown_says_what_the_contract_promises() -> None:
    schema = column_schema(CONTRACTS[XRAY_METADATA])
    columns = {column.name: column for column in schema.columns}
    assert columns["image_id"].constraints.unique and not columns["image_id"].constraints.nullable
    assert columns["quality_score"].type == "double"
    assert columns["quality_score"].constraints.other == [">= 0", "<= 1"]
    assert columns["dataset_split"].constraints.other == ["one of train, test, val"]
    assert "rows arrive in the order of log_position" in column_schema(LOG).constraints.other
