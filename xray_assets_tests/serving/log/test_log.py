import asyncio
import re
import sqlite3
import stat
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from xray_assets.catalog import CLINICAL, Catalog
from xray_assets.imaging.acceptable import DEFAULT_LIMITS
from xray_assets.imaging.dicom.tags import TAG_COLUMNS
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.hot_path.films import film, read_film
from xray_assets.serving.hot_path.request_ids import new_request_id
from xray_assets.serving.log.logged_rows import EarlierLog, InferenceLogRows
from xray_assets.serving.log.rows import LogEntry
from xray_assets.serving.log.schema import COLUMNS, SCHEMA
from xray_assets.serving.log.traffic import Traffic
from xray_assets.serving.log.writer import LogUnavailable, LogWriter
from xray_assets_tests.imaging.test_dicom import dicom_film
from xray_assets_tests.serving.server_process import film_base64, film_pixels


def writer(path: Path, counted: str = CLINICAL) -> LogWriter:
    case_keys = CaseKeys(path.parent)
    return LogWriter(path, synchronous="NORMAL", case_keys=case_keys, counted=counted)


def entry(
    *seeds: int,
    patient: str | None = None,
    request_id: str = "",
    version: int = 1,
    purpose: str = "clinical",
) -> LogEntry:
    films = [film(film_base64(seed, side=32), index=0) for seed in seeds or (0,)]
    return LogEntry(
        request_id=request_id or new_request_id(),
        client_request_id=None,
        endpoint_name="e",
        experiment_id="x",
        timestamp_us=1_700_000_000_123_456,
        served_model_name="m-1",
        assigned_model_name="m-1",
        model_name="c.s.m",
        model_version="1",
        artifact_sha256="a" * 64,
        config_version=version,
        status_code=200,
        threshold=0.5,
        latency_ms=1.5,
        routing_key=patient or "r",
        films=films,
        predictions=[0.75] * len(films),
        patient_ids=[patient] * len(films),
        sites=["other"] * len(films),
        purpose=purpose,
    )


def write(log: LogWriter, *entries: LogEntry, light: bool = False) -> list[BaseException | None]:
    """Outcomes: None where the entry is durable."""

    async def outcome(entry: LogEntry) -> None:
        waiting = log.write(entry, light=light, alone=light and len(entries) == 1)
        if waiting is not None:
            await waiting

    async def all_of_them() -> list[BaseException | None]:
        return await asyncio.gather(*map(outcome, entries), return_exceptions=True)

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("light", [True, False])
def test_an_answered_row_is_there_for_another_reader_while_the_writer_is_open(
    tmp_path: Path, light: bool
) -> None:
    path = tmp_path / "log.sqlite"
    reader = InferenceLogRows(path)
    assert (reader.position(), reader.read_after(0, 10), reader.image("0" * 64)) == (0, [], None)
    log = writer(path)
    assert (reader.position(), reader.read_after(0, 10)) == (0, [])
    assert write(log, entry(1, patient="secret"), light=light) == [None]
    (row,) = reader.read_after(0, 10)
    assert row["prediction"] == 0.75 and row["predicted_label"] == 1
    assert row["timestamp"].isoformat() == "2023-11-14T22:13:20.123456+00:00"
    assert row["date"].isoformat() == "2023-11-14"
    assert row["response"] == '{"predictions": [0.75]}'
    assert row["request"] == row["image_sha256"]
    assert row["case_key_source"] == "patient_id" and "secret" not in str(row)
    assert reader.find(row["request_id"]) == row
    assert reader.find("nothing") is None
    stored = reader.image(row["image_sha256"])
    assert stored is not None
    assert stored_model_input(stored).shape == model_input(film_pixels(1)).shape
    log.close()
    assert reader.read_after(0, 10) == [row]


def test_positions_grow_and_a_cursor_sees_every_row_once(tmp_path: Path) -> None:
    log = writer(tmp_path / "log.sqlite")
    for batch in range(5):
        write(log, *[entry(batch) for _ in range(7)], light=batch % 2 == 0)
    reader = InferenceLogRows(tmp_path / "log.sqlite")
    seen, position = [], 0
    while rows := reader.read_after(position, 4):
        seen += [row["request_id"] for row in rows]
        position = rows[-1]["log_position"]
    assert len(seen) == len(set(seen)) == 35
    assert position == reader.position() == 35
    assert seen == sorted(seen)
    log.close()


def test_a_batch_logs_one_row_an_image_and_an_image_is_kept_once(tmp_path: Path) -> None:
    log = writer(tmp_path / "log.sqlite")
    write(log, entry(1, 2, 1, request_id="req"), entry(2, request_id="solo"))
    rows = InferenceLogRows(tmp_path / "log.sqlite").read_after(0, 10)
    assert [row["request_id"] for row in rows] == ["req.0", "req.1", "req.2", "solo"]
    assert rows[0]["image_sha256"] == rows[2]["image_sha256"] != rows[1]["image_sha256"]
    with sqlite3.connect(tmp_path / "log.sqlite") as connection:
        assert connection.execute("SELECT count(*) FROM images").fetchone() == (2,)
    log.close()


@pytest.mark.parametrize("light", [True, False])
def test_one_bad_entry_fails_alone(tmp_path: Path, light: bool) -> None:
    log = writer(tmp_path / "log.sqlite")
    bad = entry(1)
    bad.predictions = []
    outcomes = write(log, entry(1), bad, entry(2), light=light)
    assert outcomes[0] is outcomes[2] is None
    assert isinstance(outcomes[1], IndexError)
    assert len(InferenceLogRows(tmp_path / "log.sqlite").read_after(0, 10)) == 2
    log.close()


@pytest.mark.parametrize("light", [True, False])
def test_a_log_that_cannot_be_opened_refuses_and_recovers_by_itself(
    tmp_path: Path, light: bool
) -> None:
    path = tmp_path / "log.sqlite"
    path.mkdir()  # as unusable as a log can be, also for root
    heard: list[str | None] = []
    keys = CaseKeys(tmp_path)
    log = LogWriter(path, synchronous="NORMAL", case_keys=keys, on_change=heard.append)
    assert isinstance(write(log, entry(1), light=light)[0], LogUnavailable)
    assert "cannot be written" in str(log.problem)
    path.rmdir()
    assert write(log, entry(1), light=light) == [None]
    assert log.problem is None and len(heard) == 2 and heard[-1] is None
    log.close()


@pytest.mark.parametrize("light", [True, False])
def test_a_log_that_was_moved_away_is_made_anew_and_not_written_to_in_the_dark(
    tmp_path: Path, light: bool
) -> None:
    path = tmp_path / "log.sqlite"
    log = writer(path)
    write(log, entry(1), light=light)
    for name in ("log.sqlite", "log.sqlite-wal", "log.sqlite-shm"):
        (tmp_path / name).rename(tmp_path / f"moved-{name}")
    assert write(log, entry(1), light=light) == [None]
    reader = InferenceLogRows(path)
    (row,) = reader.read_after(0, 10)
    assert reader.image(row["image_sha256"]) is not None
    log.close()


def test_several_writers_share_one_log(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    logs = [writer(path) for _ in range(3)]

    def many(log: LogWriter) -> None:
        for seed in range(20):
            assert write(log, entry(seed % 4)) == [None]

    threads = [threading.Thread(target=many, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = InferenceLogRows(path).read_after(0, 1000)
    assert len({row["request_id"] for row in rows}) == 60
    for log in logs:
        log.close()


def test_a_log_of_a_newer_server_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    log = writer(path)
    assert "schema 99" in str(log.problem)
    log.close()


def test_the_log_and_its_key_can_be_read_by_the_owner_only(tmp_path: Path) -> None:
    writer(tmp_path / "log.sqlite").close()
    for name in ("log.sqlite", "case_key"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600


def test_request_ids_sort_by_time() -> None:
    ids = [new_request_id() for _ in range(10_000)]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)
    assert all(one[14] == "7" and one[19] in "89ab" for one in ids)


def test_a_case_key_depends_on_the_patient_and_the_key_file(tmp_path: Path) -> None:
    keys, same, other = CaseKeys(tmp_path), CaseKeys(tmp_path), CaseKeys(tmp_path / "other")
    assert keys.of_patient("p") == same.of_patient("p") != keys.of_patient("q")
    assert keys.of_patient("p") != other.of_patient("p")
    assert len(keys.of_patient("p")) == 64


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    CaseKeys(tmp_path)
    (tmp_path / "case_key").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        CaseKeys(tmp_path)


@pytest.mark.parametrize(
    ("version", "later"), [(1, ("site", "purpose", *TAG_COLUMNS)), (3, TAG_COLUMNS)]
)
def test_a_log_of_an_earlier_release_gets_the_new_columns_and_its_rows_stay_clinical(
    tmp_path: Path, version: int, later: tuple[str, ...]
) -> None:
    path = tmp_path / "log.sqlite"
    old = [name for name in COLUMNS if name not in later]
    lines = [line for line in SCHEMA.splitlines() if not line.strip().startswith(later)]
    script = re.sub(r",\n\);", "\n);", "\n".join(lines))
    with sqlite3.connect(path) as made:
        made.executescript(script + f"PRAGMA user_version = {version};")
        marks = ", ".join("?" * len(old))
        made.execute(
            f"INSERT INTO predictions ({', '.join(old)}) VALUES ({marks})",
            [{"site": "other", "purpose": "clinical"}.get(name, 0.5) for name in old],
        )
    with pytest.raises(EarlierLog, match="xray up"):
        InferenceLogRows(path).read_after(0, 10)
    log = writer(path)
    assert log.problem is None and write(log, entry(1)) == [None]
    log.close()
    rows = InferenceLogRows(path).read_after(0, 10)
    assert [(row["site"], row["purpose"]) for row in rows] == [("other", "clinical")] * 2
    assert {row[tag] for row in rows for tag in TAG_COLUMNS} == {None}


def test_the_tags_of_a_dicom_film_that_may_be_kept_are_columns_of_its_row(tmp_path: Path) -> None:
    told = {"Modality": "DX", "ViewPosition": "AP", "ManufacturerModelName": "DRX-1"}
    data = dicom_film(film_pixels(1), **told, WindowCenter=128, WindowWidth=256)
    one = replace(entry(), films=[read_film(data, index=0, limits=DEFAULT_LIMITS)])
    log = writer(tmp_path / "log.sqlite")
    assert write(log, one) == [None]
    log.close()
    (row,) = InferenceLogRows(tmp_path / "log.sqlite").read_after(0, 10)
    kept = [row[tag] for tag in TAG_COLUMNS]
    assert kept == ["DX", "AP", "DRX-1", 8, "MONOCHROME2", 128.0, 256.0]


def test_only_clinical_requests_are_traffic(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    log = writer(path)
    entries = (entry(1, patient="a"), entry(2, patient="b", purpose="verification"))
    assert write(log, *entries) == [None, None]
    log.close()
    assert [arm["requests"] for arm in InferenceLogRows(path).traffic(1)] == [1]
    figures = Traffic(path).since(1, ["m-1"])
    assert figures["requests"] == 1 and figures["routing_keys_by_assigned"] == {"m-1": 1}


@pytest.mark.parametrize(
    ("environment", "counted"),
    [("dev", "clinical"), ("prod", "clinical"), ("simulation", "simulation")],
)
def test_simulated_requests_are_traffic_in_the_environment_of_simulations_alone(
    tmp_path: Path, environment: str, counted: str
) -> None:
    path, purpose = tmp_path / "log.sqlite", Catalog(environment).counted_purpose
    log = writer(path, counted=purpose)
    entries = [
        entry(n, patient=name, purpose=name) for n, name in enumerate(("clinical", "simulation"))
    ]
    assert write(log, *entries) == [None, None]
    log.close()
    figures = Traffic(path, counted=purpose).since(1, ["m-1"])
    assert purpose == counted
    assert figures["requests"] == 1 and figures["routing_keys_by_assigned"] == {"m-1": 1}
    assert [arm["requests"] for arm in InferenceLogRows(path).traffic(1, counted=purpose)] == [1]


def test_a_log_with_damaged_pages_is_said_to_be_damaged_although_other_writes_work(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.sqlite"
    log = writer(path)
    assert write(log, entry(1)) == [None]
    log.close()
    with sqlite3.connect(path) as sound:
        (size,), (page,) = (
            sound.execute(query).fetchone()
            for query in (
                "PRAGMA page_size",
                "SELECT rootpage FROM sqlite_master WHERE name = 'images'",
            )
        )
    sound.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    log = writer(path)
    assert log.damage is None
    (failure,) = write(log, entry(2))
    assert isinstance(failure, LogUnavailable)
    log.probe()
    deadline = time.monotonic() + 30
    while log.problem is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert log.problem is None  # a write that touches none of those pages works
    assert "backup" in (log.damage or "")
    path.rename(tmp_path / "moved.sqlite")
    assert write(log, entry(3)) == [None]
    assert log.damage is None
    log.close()
