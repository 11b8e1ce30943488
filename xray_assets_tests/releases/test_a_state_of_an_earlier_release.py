"""A state folder that release 0.1.0 (commit d509199) wrote opens here: it is migrated, evaluated
and decided on. `state_0_1_0.tar.xz` was made by that commit's `logged_world`: 60 requests, 40 of
them read, one run of `evaluate`, then 10 requests and 5 reads that no run has seen; without films.
"""

import json
import tarfile
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from deltalake import DeltaTable

from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    EXPERIMENTS,
    PERFORMANCE,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    XRAY_REJECTS,
)
from xray_assets.checks.reading import examine
from xray_assets.commands.operations.adopt import adopt_earlier
from xray_assets.contracts.changes import CannotMigrate
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.migration import migrate, pending
from xray_assets.settings import Settings

PACKED = Path(__file__).with_name("state_0_1_0.tar.xz")
RELEASED = json.loads(Path(__file__).with_name("columns_0_1_0.json").read_text())
"""Columns and types of release 0.1.0, whose contracts all had version 1."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with tarfile.open(PACKED) as packed:
        packed.extractall(tmp_path, filter="data")
    return Settings(state=tmp_path / "state")


@pytest.fixture
def tables(settings: Settings) -> LocalDelta:
    return LocalDelta(root=settings.lake)


def versions(tables: LocalDelta) -> dict[str, int | None]:
    return {key[1]: tables.version(key) for key in CONTRACTS}


def test_a_migrated_lake_keeps_every_contract_its_rows_and_its_positions(
    tables: LocalDelta,
) -> None:
    anew = {REVIEWED_COUNTS, COMPARISON_SUMMARY}
    rows = {key: tables.row_count(key) for key in CONTRACTS.keys() - anew}
    position = tables.position(PREDICTIONS, "inference_log")
    assert migrate(tables)
    assert [examine(contract, tables).problems for contract in CONTRACTS.values()] == [()] * len(
        CONTRACTS
    )
    assert {key: tables.row_count(key) for key in rows} == rows
    assert tables.position(PREDICTIONS, "inference_log") == position == 60
    old = tables.read(PREDICTIONS).select("site", "purpose").unique().collect().rows()
    assert old == [("other", "clinical")]


def test_a_migration_said_twice_or_cut_off_is_finished(tables: LocalDelta) -> None:
    first = pending(tables)[0]
    tables.evolve(first)
    table = DeltaTable(tables.uri(first.table))
    table.alter.set_table_properties({"xray.contractVersion": "1"}, raise_if_not_exists=False)
    assert first.table in {change.table for change in migrate(tables)}
    before = versions(tables)
    assert migrate(tables) == []
    assert versions(tables) == before


def test_a_migrated_state_is_evaluated_and_decided_on(
    settings: Settings, tables: LocalDelta
) -> None:
    migrate(tables)
    adopt_earlier(settings, print)
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(settings).resolve_job_def("evaluate")
        result = job.execute_in_process(instance=instance)
    failed = [
        (check.check_name, check.description)
        for check in result.get_asset_check_evaluations()
        if not check.passed and check.severity is dg.AssetCheckSeverity.ERROR
    ]
    assert result.success and not failed
    assert tables.row_count(COMPARISON_SUMMARY) == 6
    decisions = tables.read(PROMOTION_DECISION).sort("chain_position").collect()
    assert decisions["n_reviewed"].to_list() == [40, 45]
    assert tables.row_count(PREDICTIONS) == tables.row_count(PERFORMANCE) == 70
    cases = tables.read(REVIEWED_CASES).filter(pl.col("truth").is_not_null())
    counted = tables.read(REVIEWED_COUNTS).select(pl.col("counts").list.sum().sum())
    assert counted.collect().item() == cases.collect().height == 45


def test_what_cannot_be_changed_is_refused_and_nothing_is_touched(tables: LocalDelta) -> None:
    DeltaTable(tables.uri(EXPERIMENTS)).alter.set_table_properties(
        {"xray.contractVersion": "99"}, raise_if_not_exists=False
    )
    Path(tables.uri(XRAY_REJECTS)).mkdir(parents=True)
    pl.DataFrame({"image_id": [1], "surprise": ["x"]}).write_delta(tables.uri(XRAY_REJECTS))
    before = versions(tables)
    with pytest.raises(CannotMigrate) as refusal:
        migrate(tables)
    said = str(refusal.value)
    assert "gold.experiments was written by a newer release (contract version 99" in said
    assert "silver.xray_rejects" in said and "unknown columns surprise" in said
    assert "another type image_id" in said and "no value for file_path" in said
    assert versions(tables) == before


@pytest.mark.parametrize("table", RELEASED)
def test_a_contract_whose_columns_are_not_those_of_the_release_has_a_higher_version(
    table: str,
) -> None:
    contract = CONTRACTS[tuple(table.split("."))]  # type: ignore[index]
    columns = {column.name: str(column.dtype) for column in contract.columns}
    assert columns == RELEASED[table] or contract.version > 1
