"""The laws of `Tables`, for every implementation: Delta on a disk and on S3; a third joins PLACES.

A law speaks of rows, positions, versions and snapshots alone, never of files.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import polars as pl
import pytest

from xray_assets.catalog import EXPERIMENTS, PREDICTION_FEEDBACK, REVIEWED_COUNTS, XRAY_REJECTS
from xray_assets.contracts.bounds import Between
from xray_assets.contracts.contract import ContractViolation
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.errors import StaleWrite
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.tables import Tables
from xray_assets_tests.feedback.scenery import read_row, reads
from xray_assets_tests.s3_server import s3_server

PLACES = ("disk", "s3")
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
KEY = XRAY_REJECTS


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    with s3_server() as options:
        yield options


@pytest.fixture(params=PLACES)
def tables(request: pytest.FixtureRequest, tmp_path: Path) -> Tables:
    if request.param == "disk":
        return LocalDelta(root=str(tmp_path))
    options = request.getfixturevalue("bucket")
    return LocalDelta(root=f"s3://lake/{uuid.uuid4()}", storage_options=options)


def again(tables: Tables) -> Tables:
    """The same tables as another process sees them."""
    return type(tables)(**dict(tables))


def rows(*ids: str, reason: str = "r") -> pl.DataFrame:
    row = {"file_path": "p", "reason": reason, "rejected_at": NOW, "source_batch_id": "b"}
    blank: dict[str, Any] = dict.fromkeys(CONTRACTS[KEY].schema.names()) | row
    return pl.DataFrame([blank | {"image_id": i} for i in ids], schema=CONTRACTS[KEY].schema)


def held(tables: Tables) -> dict[str, str]:
    """Image ids and reasons; an id that is stored twice is an error."""
    stored = again(tables).read(KEY).collect()
    assert stored["image_id"].is_unique().all()
    return dict(stored.select("image_id", "reason").rows())


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Results of acts that start together; an exception is a result."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except StaleWrite as error:
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_a_table_before_its_first_write_has_its_columns_and_nothing_else(tables: Tables) -> None:
    assert tables.read(KEY).collect().schema == CONTRACTS[KEY].schema
    assert (tables.version(KEY), tables.snapshot(KEY), tables.row_count(KEY)) == (None, None, 0)
    assert tables.position(KEY, "log") == 0


def test_rows_up_to_a_position_are_appended_once_whoever_appends_them(tables: Tables) -> None:
    tables.append(KEY, rows("a", "b"), source="log", position=2)
    again(tables).append(KEY, rows("a", "b"), source="log", position=2)  # after a crash
    tables.append(KEY, rows("a"), source="log", position=1)
    tables.append(KEY, rows("c"), source="log", position=3)
    tables.append(KEY, rows("d"), source="inbox", position=1)  # another source, its own position
    assert held(tables).keys() == {"a", "b", "c", "d"}
    assert (tables.position(KEY, "log"), again(tables).position(KEY, "inbox")) == (3, 1)


def test_a_position_moves_without_rows_and_rows_are_appended_without_a_position(
    tables: Tables,
) -> None:
    tables.append(KEY, rows(), source="log", position=5)
    version = tables.append(KEY, rows(), source="log", position=5)
    assert (again(tables).position(KEY, "log"), tables.version(KEY)) == (5, version)
    tables.append(KEY, rows("a"))
    assert tables.append(KEY, rows()) == tables.version(KEY)
    assert (held(tables).keys(), tables.row_count(KEY)) == ({"a"}, 1)


def test_of_writers_of_the_same_position_one_writes_also_the_first_rows(tables: Tables) -> None:
    def write(position: int) -> None:
        again(tables).append(KEY, rows(f"r{position}"), source="log", position=position)

    for position in (1, 2):
        at_once(*[partial(write, position)] * 3)
        assert len(held(tables)) == position == tables.position(KEY, "log")


def test_a_merge_said_twice_changes_nothing_more(tables: Tables) -> None:
    tables.merge(KEY, rows("a", "b"))
    for _ in range(2):
        tables.merge(KEY, rows("b", "c", reason="new"))
        assert held(tables) == {"a": "r", "b": "new", "c": "new"}
    tables.merge(KEY, rows("a", "d", reason="late"), insert_only=True)
    assert held(tables) == {"a": "r", "b": "new", "c": "new", "d": "late"}
    assert tables.merge(KEY, rows()) == tables.version(KEY)


def test_concurrent_merges_and_appends_all_arrive_and_no_key_twice(tables: Tables) -> None:
    tables.merge(KEY, rows("shared"))

    def write(name: str) -> None:
        mine = again(tables)
        for number in range(3):
            mine.merge(KEY, rows("shared", f"{name}{number}", reason=name))
        mine.append(KEY, rows(f"{name}!"), source=name, position=1)

    at_once(*(partial(write, name) for name in "xyz"))
    wanted = {f"{name}{end}" for name in "xyz" for end in "012!"} | {"shared"}
    assert held(tables).keys() == wanted
    assert held(tables)["shared"] in set("xyz")


def test_an_overwrite_replaces_all_rows_and_stores_its_position_with_them(tables: Tables) -> None:
    tables.append(KEY, rows("a"), source="log", position=1)
    tables.overwrite(KEY, rows("b"), source="inbox", position=7)
    assert held(tables) == {"b": "r"}
    assert (tables.position(KEY, "log"), tables.position(KEY, "inbox")) == (1, 7)
    tables.overwrite(KEY, rows())
    assert (held(tables), tables.position(KEY, "inbox")) == ({}, 7)


def test_a_bounded_merge_rewrites_nothing_out_of_its_bounds(tables: Tables) -> None:
    days = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    stored = [
        read_row(number, prediction_date=day, inbox_position=number)
        for number, day in enumerate(days)
    ]
    for row in stored:
        tables.append(PREDICTION_FEEDBACK, reads(row))
    before = tables.snapshot(PREDICTION_FEEDBACK)
    assert before is not None
    within = {"prediction_date": days[:2], "inbox_position": Between(1, 2)}
    tables.merge(PREDICTION_FEEDBACK, reads(stored[1] | {"notes": "it's"}), within=within)
    assert tables.row_count(PREDICTION_FEEDBACK) == 3
    rewritten = tables.added_since(PREDICTION_FEEDBACK, before)
    assert rewritten is not None
    found = rewritten.select("prediction_date", "notes").collect().rows()
    assert found == [(days[1], "it's")]
    again_first = reads(stored[0] | {"notes": "x"})
    tables.merge(PREDICTION_FEEDBACK, again_first, within={"inbox_position": [7]})
    first = tables.read(PREDICTION_FEEDBACK).filter(pl.col("inbox_position") == 0).collect()
    assert set(first["notes"]) == {None, "x"}  # what lies out of the bounds is not looked at


def test_what_came_since_a_snapshot_is_found_and_an_unknown_one_finds_nothing(
    tables: Tables,
) -> None:
    tables.append(KEY, rows("a"))
    first = tables.snapshot(KEY)
    assert first is not None
    assert tables.added_since(KEY, first).collect().is_empty()  # type: ignore[union-attr]
    tables.append(KEY, rows("b"))
    tables.merge(KEY, rows("c"))
    since = again(tables).added_since(KEY, first)
    assert set(since.collect()["image_id"]) == {"b", "c"}  # type: ignore[union-attr]
    assert tables.added_since(KEY, "another@0") is None
    assert tables.added_since(KEY, first.rpartition("@")[0] + "@99") is None


def test_tidying_keeps_rows_positions_and_the_snapshots_that_are_asked_for(tables: Tables) -> None:
    for number in range(1, 5):
        tables.append(KEY, rows(f"a{number}"), source="log", position=number)
    kept = tables.snapshot(KEY)
    tables.merge(KEY, rows("a1", reason="new"))
    tables.append(KEY, rows("b"))
    before = held(tables)
    for _ in range(2):
        tables.tidy(KEY, keep=[str(kept)], older_than=dt.timedelta(0))
    assert (held(tables), again(tables).position(KEY, "log")) == (before, 4)
    since = tables.added_since(KEY, str(kept))
    assert since is not None and {"a1", "b"} <= set(since.collect()["image_id"])
    tables.append(KEY, rows("a4"), source="log", position=4)
    tables.append(KEY, rows("c"), source="log", position=5)
    assert held(tables) == before | {"c": "r"}
    tables.tidy(EXPERIMENTS)  # not there yet


def test_many_small_appends_change_no_row(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xray_assets.lake.delta.COMPACT_EVERY", 4)
    for number in range(9):
        tables.append(KEY, rows(f"a{number}"), source="log", position=number + 1)
    assert held(tables) == dict.fromkeys((f"a{number}" for number in range(9)), "r")
    assert tables.position(KEY, "log") == 9


@pytest.mark.parametrize("write", ["append", "merge", "overwrite"])
def test_rows_that_break_the_contract_write_nothing(tables: Tables, write: str) -> None:
    bad = rows("a").with_columns(reason=pl.lit(None, pl.String))
    with pytest.raises(ContractViolation, match="reason"):
        getattr(tables, write)(KEY, bad)
    assert tables.version(KEY) is None
    tables.append(KEY, rows("b"), source="log", position=1)
    version = tables.version(KEY)
    with pytest.raises(ContractViolation, match="repeat image_id"):
        getattr(tables, write)(KEY, rows("a", "a"))
    assert (tables.version(KEY), held(tables)) == (version, {"b": "r"})


def state(batch: int) -> pl.DataFrame:
    """A row of a table with a counter: here gold.reviewed_counts, whose `batch` counts."""
    row = {"experiment_id": "e", "batch": batch, "counts": [batch]}
    return pl.DataFrame([row], schema=CONTRACTS[REVIEWED_COUNTS].schema)


def test_state_is_saved_only_on_top_of_what_its_writer_saw(tables: Tables) -> None:
    def save(seen: int) -> Any:
        row = state(seen + 1)
        return again(tables).advance(REVIEWED_COUNTS, row, counter="batch", expected=seen)

    for seen in range(2):
        results = at_once(*[partial(save, seen)] * 3)
        assert sum(isinstance(result, StaleWrite) for result in results) == 2
        assert tables.read(REVIEWED_COUNTS).collect()["batch"].sort().to_list() == list(
            range(1, seen + 2)
        )
    for stale in (0, 5):
        with pytest.raises(StaleWrite, match="is at batch 2"):
            save(stale)
    for gap in (state(5), pl.concat([state(3), state(5)])):
        with pytest.raises(ValueError, match="whose batch goes on from 2"):
            tables.advance(REVIEWED_COUNTS, gap, counter="batch", expected=2)
    assert tables.row_count(REVIEWED_COUNTS) == 2
    together = pl.concat([state(3), state(4)])
    tables.advance(REVIEWED_COUNTS, together, counter="batch", expected=2)
    assert tables.row_count(REVIEWED_COUNTS) == 4
