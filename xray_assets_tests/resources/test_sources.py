"""The laws of what tables take from, for every inference log and every feedback inbox there is."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xray_assets.lake.cursor import Cursor
from xray_assets.resources.source import Changed, SourceChanged
from xray_assets.storage.list_identity import TABLES
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.resources.sources import WORLDS, World, drop_last


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return WORLDS[request.param](tmp_path)


def refused(world: World) -> Changed:
    """The code with which everything refuses, alike, and writes nothing."""
    before = world.taken()
    with pytest.raises(SourceChanged, match=r"adopt --reason") as told:
        world.take()
    with pytest.raises(SourceChanged):
        world.source.resume(world.tables)
    assert world.taken() == before
    return told.value.code


def adopt(world: World) -> None:
    """Adopt, take, and look: what is there is in the tables, once, in order."""
    before = world.taken()
    world.source.adopt(world.tables, by="a person", reason="a test")
    world.take()
    world.write(2)
    world.take()
    after = world.taken()
    assert before.items() <= after.items() and list(after) == sorted(after)
    held = world.source.rows().keys(0, 10**9)  # type: ignore[attr-defined]
    assert set(held.values()) <= set(after.values())
    assert world.source.fits(world.tables) is None


def test_rows_are_read_in_the_order_they_were_acknowledged(world: World):
    assert world.source.end().position == 0 and world.source.fits(world.tables) is None
    sent = world.write(5) + world.write(3)
    start, read = Cursor.at(world.source.end().source, 0), []
    for rows, upto in world.source.batches(start, 3):
        assert rows.height <= 3 and world.source.is_ahead(upto) == (len(read) + rows.height < 8)
        read += rows[world.keys[0][1]].to_list()
    assert read == sent and not world.source.is_ahead(world.source.end())
    first, upto = world.source.read_after(start, 2)
    again, also = world.source.read_after(start, 2)
    assert first.equals(again) and upto == also
    assert world.source.read_after(world.source.end(), 2)[0].is_empty()


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=2, max_size=4))
def test_a_crash_between_any_two_writes_neither_loses_nor_doubles(
    world: World, tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int]]
):
    one = type(world)(tmp_path_factory.mktemp("crash"))
    for rows, writes in steps:
        one.write(rows)
        with suppress(Crash):
            one.take(CrashingTables(one.tables, writes))  # type: ignore[arg-type]
    one.take()
    assert sorted(one.taken().values()) == sorted(one.sent)
    before = one.taken()
    one.take()
    assert one.taken() == before == dict(enumerate(one.sent, 1))


def test_the_table_holds_the_identity_with_the_position(world: World):
    world.write(3)
    world.take()
    cursor, source = world.source.resume(world.tables), world.source
    assert cursor == source.end() and cursor.source.startswith(f"{source.name}/")
    for name in (source.name, cursor.source):
        assert world.tables.position(source.table, name) == 3


def test_a_cursor_of_another_source_is_refused(world: World, tmp_path: Path):
    world.write(3)
    other = type(world)(tmp_path / "other")
    other.write(3)
    with pytest.raises(SourceChanged):
        world.source.read_after(other.source.end(), 5)


def test_a_gap_before_the_end_is_a_loss(world: World):
    world.write(3)
    world.take()
    world.write(3)
    table, number = ("predictions", "log_position")
    if "feedback" in str(world.path):
        table, number = ("feedback", "position")
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute(f"DELETE FROM {table} WHERE {number} = 5")
        connection.commit()
    with pytest.raises(SourceChanged) as told:
        world.take()
    assert told.value.code is Changed.ROWS_GONE


def test_acknowledgements_never_move_back_and_the_taking_tables_acknowledge(world: World):
    world.write(4)
    world.take()
    seen = world.source.rows().look()  # type: ignore[attr-defined]
    world.source.acknowledge(TABLES, 2)
    assert seen.taken == 4 == world.source.rows().look().taken  # type: ignore[attr-defined]


def test_deleted(world: World):
    world.write(4)
    world.take()
    world.path.unlink()
    assert refused(world) is Changed.MISSING
    world.write(2)  # its writer made another one
    assert refused(world) is Changed.OTHER
    adopt(world)
    assert len(world.taken()) == 8


def test_cut_off(world: World):
    world.write(5)
    world.take()
    drop_last(world.path, 2)
    assert refused(world) is Changed.SHORTER
    adopt(world)
    assert len(world.taken()) == 7


@pytest.mark.parametrize("since", [0, 1, 40])
def test_set_back_to_a_backup(world: World, tmp_path: Path, since: int):
    world.write(5)
    world.take()
    world.close()
    shutil.copy(world.path, tmp_path / "backup")
    world.write(3)
    world.take()
    world.close()
    world.path.unlink()
    shutil.copy(tmp_path / "backup", world.path)
    if since:
        world.write(since)
    assert refused(world) is (Changed.SHORTER if since < 3 else Changed.REWRITTEN)
    adopt(world)
    assert len(world.taken()) == 10 + since


def test_exchanged_and_exchanged_back(world: World, tmp_path: Path):
    mine, other = tmp_path / "mine", type(world)(tmp_path / "other")
    world.write(4)
    world.take()
    world.write(2)
    other.write(9)
    for one in (world, other):
        one.close()
    world.path.rename(mine)
    other.path.rename(world.path)
    assert refused(world) is Changed.OTHER
    adopt(world)
    world.close()
    world.path.rename(other.path)
    mine.rename(world.path)
    assert refused(world) is Changed.OTHER
    adopt(world)
    assert len(world.taken()) == 4 + 2 + 9 + 2 + 2


def test_moved_away_and_put_back(world: World, tmp_path: Path):
    world.write(4)
    world.take()
    world.write(2)
    world.close()
    world.path.rename(tmp_path / "elsewhere")
    assert refused(world) is Changed.MISSING
    (tmp_path / "elsewhere").rename(world.path)
    world.take()
    assert world.taken() == dict(enumerate(world.sent, 1))


def test_an_adoption_that_crashed_between_file_and_table_is_made_again(world: World):
    world.write(4)
    world.take()
    world.path.unlink()
    world.write(2)
    with pytest.raises(Crash):
        world.source.adopt(CrashingTables(world.tables, 0), by="a", reason="b")  # type: ignore[arg-type]
    assert refused(world) is Changed.OTHER
    adopt(world)
    assert len(world.taken()) == 8


def test_a_list_of_0_1_0_is_adopted_once_and_only_when_it_is_the_right_one(world: World):
    world.write(4)
    world.take()
    world.write(1)
    with closing(sqlite3.connect(world.path)) as connection:
        connection.execute("UPDATE identities SET kind = 'upgraded', id = 'given now'")
        connection.commit()
    assert refused(world) is Changed.UNNAMED
    assert world.source.adopt_earlier(world.tables)  # type: ignore[attr-defined]
    assert not world.source.adopt_earlier(world.tables)  # type: ignore[attr-defined]
    world.take()
    assert world.taken() == dict(enumerate(world.sent, 1))
