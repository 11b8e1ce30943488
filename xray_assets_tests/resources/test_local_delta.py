"""What only Delta's files can show: an old log goes, but not what is still compared with."""

import datetime as dt
import os
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from xray_assets.lake import upkeep
from xray_assets.resources.local.tables import LocalDelta
from xray_assets_tests.resources.test_tables import KEY, held, rows

OLD = time.time() - 40 * 86_400


@pytest.fixture
def tables(tmp_path: Path) -> LocalDelta:
    """Three positions, whose log entries and checkpoint are 40 days old."""
    made = LocalDelta(root=str(tmp_path))
    for number in (1, 2, 3):
        made.append(KEY, rows(f"a{number}"), source="log", position=number)
    DeltaTable(made.uri(KEY)).create_checkpoint()
    for entry in log_of(made).iterdir():
        os.utime(entry, (OLD, OLD))
    return made


def log_of(tables: LocalDelta) -> Path:
    return Path(tables.uri(KEY)) / "_delta_log"


def entries(tables: LocalDelta) -> set[str]:
    return {entry.name for entry in log_of(tables).glob("*.json")}


def test_old_log_entries_go_and_rows_and_positions_stay(tables: LocalDelta) -> None:
    before = entries(tables)
    for number in (4, 5):
        tables.append(KEY, rows(f"a{number}"), source="log", position=number)
    tables.tidy(KEY)
    assert len(before & entries(tables)) <= 1  # that of the old checkpoint
    assert held(tables).keys() == {f"a{number}" for number in range(1, 6)}
    assert tables.position(KEY, "log") == 5
    tables.append(KEY, rows("a3"), source="log", position=3)
    assert len(held(tables)) == 5


def test_a_log_that_a_kept_snapshot_needs_stays(
    tables: LocalDelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "LOG_RETENTION", dt.timedelta(0))
    kept = f"{DeltaTable(tables.uri(KEY)).metadata().id}@1"
    before = entries(tables)
    tables.append(KEY, rows("a4"), source="log", position=4)
    tables.tidy(KEY, keep=[kept])
    assert before < entries(tables)
    assert tables.added_since(KEY, kept) is not None
    tables.tidy(KEY)
    assert tables.added_since(KEY, kept) is None


def test_a_commit_alone_never_cleans_up_the_log(tables: LocalDelta) -> None:
    before = entries(tables)
    DeltaTable(tables.uri(KEY)).alter.set_table_properties({"delta.checkpointInterval": "2"})
    for number in range(4, 8):
        tables.append(KEY, rows(), source="log", position=number)
    assert before < entries(tables)
    assert len(list(log_of(tables).glob("*.checkpoint.parquet"))) > 1


def test_files_that_nobody_needs_go_after_a_week(tables: LocalDelta) -> None:
    folder = Path(tables.uri(KEY))
    files = set(folder.glob("*.parquet"))
    tables.tidy(KEY)
    assert set(folder.glob("*.parquet")) > files
    tables.tidy(KEY, older_than=dt.timedelta(0))
    assert len(set(folder.glob("*.parquet"))) == 1
