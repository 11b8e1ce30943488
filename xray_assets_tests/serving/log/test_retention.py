import sqlite3
import time
from pathlib import Path

from xray_assets.serving.log.logged_rows import InferenceLogRows
from xray_assets.serving.log.retention import Purged, purge
from xray_assets.serving.log.rows import LogEntry
from xray_assets.serving.log.schema import CONSUMERS
from xray_assets_tests.serving.log.test_log import entry, write, writer

DAY_US = 86_400_000_000
NOW_US = 2_000_000_000_000_000


def aged(days: float, *seeds: int, version: int = 1) -> LogEntry:
    made = entry(*seeds, version=version)
    made.timestamp_us = NOW_US - int(days * DAY_US)
    return made


def filled(folder: Path) -> tuple[Path, InferenceLogRows]:
    """Four rows of 9, 8, 7 and 1 days; film 1 belongs to an old and to a new row."""
    path = folder / "log.sqlite"
    log = writer(path)
    for made in (aged(9, 1), aged(8, 2), aged(7, 3, version=2), aged(1, 1, version=3)):
        assert write(log, made) == [None]
    log.close()
    with sqlite3.connect(path) as connection:  # uses are stamped with the real clock: age them too
        rows = connection.execute(
            "SELECT image_sha256, max(timestamp_us) FROM predictions GROUP BY 1"
        ).fetchall()
        for digest, last in rows:
            connection.execute(
                "UPDATE image_uses SET last_used_us = ? WHERE image_sha256 = ?", (last, digest)
            )
    return path, InferenceLogRows(path)


def acknowledge(reader: InferenceLogRows, position: int) -> None:
    for consumer in CONSUMERS:
        reader.acknowledge(consumer, position)


def test_a_consumer_that_never_acknowledged_holds_everything_and_the_lowest_counts(
    tmp_path: Path,
) -> None:
    path, reader = filled(tmp_path)
    reader.register("film features")
    acknowledge(reader, 4)
    assert purge(path, days=0.5, now_us=NOW_US) == Purged(0, 0)
    reader.acknowledge("film features", 3)
    assert purge(path, days=0.5, now_us=NOW_US).rows == 2
    reader.acknowledge("film features", 2)  # never back
    reader.register("film features")
    reader.acknowledge("film features", 4)
    assert purge(path, days=0.5, now_us=NOW_US).rows == 1


def test_nothing_goes_that_nobody_has_acknowledged(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    assert purge(path, days=2, now_us=NOW_US) == Purged(0, 0)
    assert len(reader.read_after(0, 10)) == 4


def test_no_days_means_forever(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    acknowledge(reader, 4)
    assert purge(path, days=0, now_us=NOW_US) == Purged(0, 0)


def test_old_acknowledged_rows_go_with_films_that_no_kept_row_needs(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    before = reader.read_after(0, 10)
    acknowledge(reader, 3)
    assert purge(path, days=2, now_us=NOW_US) == Purged(2, 1)
    kept = reader.read_after(0, 10)
    assert kept == before[2:]
    assert all(reader.image(row["image_sha256"]) for row in kept)
    assert reader.image(before[1]["image_sha256"]) is None
    assert reader.position() == 4
    with sqlite3.connect(path) as connection:
        versions = connection.execute("SELECT DISTINCT config_version FROM exposures").fetchall()
    assert sorted(versions) == [(2,), (3,)]


def test_the_last_acknowledged_row_stays_and_positions_go_on(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    acknowledge(reader, 4)
    assert purge(path, days=0.5, now_us=NOW_US).rows == 3
    assert (reader.position(), len(reader.read_after(0, 10))) == (4, 1)
    log = writer(path)
    write(log, aged(0, 1))
    log.close()
    (row,) = reader.read_after(4, 10)
    assert row["log_position"] == 5
    assert reader.image(row["image_sha256"]) is not None


def test_a_film_in_use_survives_a_purge_of_all_rows(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = writer(path)
    old = entry(5)
    old.timestamp_us = time.time_ns() // 1000 - 30 * DAY_US
    write(log, old)
    reader = InferenceLogRows(path)
    write(log, aged(1, 5))
    acknowledge(reader, 2)
    assert purge(path, days=1) == Purged(1, 0)
    write(log, entry(5))  # the writer still takes the film to be there
    row = reader.read_after(0, 10)[-1]
    assert reader.image(row["image_sha256"]) is not None
    log.close()
