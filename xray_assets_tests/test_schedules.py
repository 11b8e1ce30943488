"""The nightly upkeep tidies every table and leaves the checks where they were."""

from pathlib import Path

import dagster as dg
import pytest

from xray_assets.catalog import PREDICTIONS, XRAY_REJECTS
from xray_assets.checks.keeps_its_contract import contract_check
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings
from xray_assets_tests.checks.test_keeps_its_contract import log_rows, reject_rows


def test_the_upkeep_changes_no_row_and_no_position(tmp_path: Path) -> None:
    settings = Settings(state=tmp_path)
    tables = LocalDelta(root=settings.lake)
    for number in (1, 2, 3):
        tables.append(PREDICTIONS, log_rows(number), source="log", position=number)
        tables.append(XRAY_REJECTS, reject_rows(f"a{number}"))
    with dg.DagsterInstance.ephemeral() as instance:
        job = build_definitions(settings).resolve_job_def("maintain")
        assert job.execute_in_process(instance=instance).success
    assert [tables.row_count(key) for key in (PREDICTIONS, XRAY_REJECTS)] == [3, 3]
    assert tables.position(PREDICTIONS, "log") == 3
    for key in (PREDICTIONS, XRAY_REJECTS):
        assert tables.read(key).collect().schema == CONTRACTS[key].schema


def test_the_snapshot_that_the_last_passing_check_recorded_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(state=tmp_path)
    tables, kept = LocalDelta(root=settings.lake), {}
    tables.append(XRAY_REJECTS, reject_rows("a"))
    monkeypatch.setattr(LocalDelta, "tidy", lambda _, key, keep: kept.update({key: keep}))

    @dg.asset(key=dg.AssetKey(XRAY_REJECTS))
    def rejects() -> None:
        """Written already."""

    with dg.DagsterInstance.ephemeral() as instance:
        checked = [rejects, contract_check(CONTRACTS[XRAY_REJECTS])]
        dg.materialize(checked, instance=instance, resources={"tables": tables})
        job = build_definitions(settings).resolve_job_def("maintain")
        job.execute_in_process(instance=instance)
    assert kept.pop(XRAY_REJECTS) == [tables.snapshot(XRAY_REJECTS)]
    assert kept == {key: [] for key in CONTRACTS.keys() - {XRAY_REJECTS}}
