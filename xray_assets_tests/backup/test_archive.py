"""A backup under traffic: nothing acknowledged before it is lost, no position is ahead."""

import json
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from xray_assets.backup.archive import MANIFEST, BackupRefused, backup, restore
from xray_assets.settings import Settings
from xray_assets.storage.list_identity import MEASURING, PAIRING, TABLES
from xray_assets_tests.resources.sources import InboxWorld, LogWorld


def settings(state: Path) -> Settings:
    return Settings(state=state, lake_uri="")


def filled(folder: Path) -> tuple[LogWorld, InboxWorld]:
    log, inbox = LogWorld(folder), InboxWorld(folder)
    for world in (log, inbox):
        world.write(5)
        world.take()
    (folder / "token").write_text("secret")
    (folder / "run").mkdir()
    (folder / "run" / "of_the_moment").write_text("")
    return log, inbox


def test_a_backup_under_traffic_restores_to_a_state_that_goes_on(tmp_path: Path):
    state = tmp_path / "state"
    worlds = filled(state)
    stop, going = threading.Event(), threading.Event()

    def traffic() -> None:
        while not stop.is_set():
            for world in worlds:
                world.write(3)
                world.take()
            going.set()

    writer = threading.Thread(target=traffic)
    writer.start()
    assert going.wait(60)
    before = [list(world.sent) for world in worlds]
    try:
        for number in range(2):
            backup(settings(state), tmp_path / f"backup{number}")
    finally:
        stop.set()
        writer.join()
    restore(settings(tmp_path / "restored"), tmp_path / "backup1")
    for world, sent in zip(worlds, before, strict=True):
        back = type(world)(tmp_path / "restored")
        assert back.source.fits(back.tables) is None
        assert back.source.resume(back.tables).position <= back.source.end().position
        back.write(2)
        back.take()
        taken = list(back.taken().values())
        assert set(sent) <= set(taken) and back.sent == taken[-2:]
    token = tmp_path / "restored" / "token"
    assert token.read_text() == "secret" and stat.S_IMODE(token.stat().st_mode) == 0o600
    assert not (tmp_path / "restored" / "run").exists()


def test_in_a_backup_each_consumer_of_the_log_needs_what_its_own_table_lacks(tmp_path: Path):
    log, _ = filled(tmp_path / "state")
    for consumer in (PAIRING, MEASURING):  # their tables are empty: they were copied before
        log.source.acknowledge(consumer, 5)
    backup(settings(tmp_path / "state"), tmp_path / "backup")
    (copy,) = (tmp_path / "backup").rglob("log.sqlite")
    with closing(sqlite3.connect(copy)) as copied:
        found = dict(copied.execute("SELECT name, position FROM consumers"))
    assert found == {TABLES: 5, PAIRING: 0, MEASURING: 0}


def test_a_backup_is_refused_where_something_is_and_a_restore_too(tmp_path: Path):
    filled(tmp_path / "state")
    backup(settings(tmp_path / "state"), tmp_path / "backup")
    with pytest.raises(BackupRefused, match="not empty"):
        backup(settings(tmp_path / "state"), tmp_path / "backup")
    with pytest.raises(BackupRefused, match="not empty"):
        restore(settings(tmp_path / "state"), tmp_path / "backup")


def test_a_backup_that_was_changed_or_is_not_whole_is_refused_and_nothing_written(tmp_path: Path):
    filled(tmp_path / "state")
    backup(settings(tmp_path / "state"), tmp_path / "backup")
    manifest = tmp_path / "backup" / MANIFEST
    for name in list(json.loads(manifest.read_text())["files"])[::5]:
        damaged = tmp_path / "backup" / name
        content = damaged.read_bytes()
        damaged.write_bytes(content[:-1] + bytes([content[-1] ^ 1]) if content else b"x")
        with pytest.raises(BackupRefused, match="not what was backed up"):
            restore(settings(tmp_path / "new"), tmp_path / "backup")
        damaged.write_bytes(content)
    manifest.unlink()
    with pytest.raises(BackupRefused, match="no finished backup"):
        restore(settings(tmp_path / "new"), tmp_path / "backup")
    assert not (tmp_path / "new").exists()
