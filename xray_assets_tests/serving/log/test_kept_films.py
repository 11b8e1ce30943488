"""Films in the log: a DICOM film as deep as it came, as long as its film is kept."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np

from xray_assets.imaging.acceptable import DEFAULT_LIMITS
from xray_assets.imaging.decode import decode
from xray_assets.imaging.dicom.tags import TAG_COLUMNS
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.hot_path.films import read_film
from xray_assets.serving.log.erasing import erase_case
from xray_assets.serving.log.kept_films import hold, kept_film
from xray_assets.serving.log.retention import purge
from xray_assets_tests.imaging.test_dicom import TWELVE_BIT, dicom_film
from xray_assets_tests.serving.log.test_log import entry, write, writer
from xray_assets_tests.serving.log.test_retention import NOW_US, acknowledge, filled

DICOM = dicom_film(
    TWELVE_BIT, BitsStored=12, PixelSpacing=[0.2, 0.1], WindowCenter=99, WindowWidth=9
)


def logged(path: Path, *, patient: str = "p") -> str:
    """A DICOM film in the log; its digest."""
    film = read_film(DICOM, index=0, limits=DEFAULT_LIMITS)
    made = entry(patient=patient)
    made.films = [film]
    log = writer(path)
    assert write(log, made) == [None]
    log.close()
    return film.digest


def depths(path: Path) -> int:
    with closing(sqlite3.connect(path)) as log:
        return log.execute("SELECT count(*) FROM full_depths").fetchone()[0]


def test_a_dicom_film_is_kept_as_the_model_saw_it_and_as_deep_as_it_came(tmp_path: Path) -> None:
    digest = logged(tmp_path / "log.sqlite")
    kept = kept_film(tmp_path / "log.sqlite", digest)
    assert kept is not None and kept.depth is not None
    assert np.array_equal(decode(kept.data), decode(DICOM))
    depth = kept.depth
    assert (depth.bits, depth.inverted, depth.row_mm, depth.column_mm) == (12, False, 0.2, 0.1)
    assert b"DOE" not in kept.data + depth.png
    assert kept_film(tmp_path / "log.sqlite", "another") is None
    assert kept_film(tmp_path / "no.sqlite", digest) is None


def test_the_deep_film_goes_with_its_film(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    logged(path, patient="p")
    keys = CaseKeys(tmp_path)
    assert depths(path) == 1
    erase_case(path, keys.of_patient("p"), keys.of_routing_key("p"))
    assert depths(path) == 0
    logged(path, patient="q")
    with closing(sqlite3.connect(path)) as log:
        log.execute("DELETE FROM predictions")
        log.execute("UPDATE image_uses SET last_used_us = 1")
        log.commit()
    assert purge(path, days=1).images == 1 and depths(path) == 0


def test_a_film_that_is_held_stays_although_its_row_goes(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    old = reader.read_after(0, 2)[1]["image_sha256"]
    acknowledge(reader, 3)
    with closing(sqlite3.connect(path)) as log:
        log.execute("UPDATE predictions SET timestamp_us = timestamp_us - ?", (NOW_US // 2,))
        log.execute("UPDATE image_uses SET last_used_us = 1")
        log.commit()
    hold(path, [old, "never kept"])
    assert purge(path, days=2).rows == 2
    assert reader.image(old) is not None
    hold(tmp_path / "no.sqlite", [old])
    assert not (tmp_path / "no.sqlite").exists()


def test_a_log_of_an_earlier_release_gets_its_place_for_deep_films(tmp_path: Path) -> None:
    path, reader = filled(tmp_path)
    digest = reader.read_after(0, 1)[0]["image_sha256"]
    with closing(sqlite3.connect(path)) as log:
        log.execute("DROP TABLE full_depths")
        for tag in TAG_COLUMNS:
            log.execute(f"ALTER TABLE predictions DROP COLUMN {tag}")
        log.execute("PRAGMA user_version = 2")
        log.commit()
    kept = kept_film(path, digest)
    assert kept is not None and kept.depth is None
    assert logged(path) and depths(path) == 1
