"""A patient leaves every store, and nobody else does."""

import hashlib
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from xray_assets.audit.coverage import read_heads
from xray_assets.backup.erasure import BY_REQUEST, NoCaseKeys, erase
from xray_assets.catalog import ERASURES, FEEDBACK_REJECTS, PREDICTIONS, REVIEWED_COUNTS, Key
from xray_assets.contracts.contract import Contract
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.deployments import resources
from xray_assets.reading.lease_file import LEASES
from xray_assets.reading.leases import Leases
from xray_assets.rollout.state import log_gaps
from xray_assets.serving.hot_path.request_ids import new_request_id
from xray_assets.serving.log.logged_rows import InferenceLogRows
from xray_assets.settings import Settings
from xray_assets_tests.feedback.scenery import entry, send
from xray_assets_tests.resources.sources import InboxWorld, LogWorld
from xray_assets_tests.serving.log.test_log import entry as request
from xray_assets_tests.serving.log.test_log import write, writer

PATIENT = "MRN-4711 Änne O'Neill"


def row_of(contract: Contract, **values: Any) -> pl.DataFrame:
    """A row that keeps the contract."""
    plain = {pl.Date: date(2026, 3, 1), pl.String: "x", pl.Boolean: True, pl.Int32: 1, pl.Int64: 1}
    row: dict[str, Any] = {}
    for column in contract.columns:
        default = plain.get(column.dtype.base_type(), 0.5)
        default = (
            datetime(2026, 3, 1, tzinfo=UTC)
            if column.dtype.is_temporal() and column.dtype != pl.Date
            else default
        )
        row[column.name] = column.allowed[0] if column.allowed else default
    return pl.DataFrame([row | values], schema=contract.schema)


def clinic(folder: Path) -> tuple[Settings, dict[str, str]]:
    """Two patients and their reads, moved, and one more request each that is not moved yet."""
    settings = Settings(state=folder)
    log, inbox = LogWorld(folder), InboxWorld(folder)
    log.path.parent.mkdir(parents=True)
    writing = writer(log.path)
    ids = {name: new_request_id() for name in ("mine", "other", "late", "later")}
    patients = {"mine": PATIENT, "other": "B", "late": PATIENT, "later": "B"}
    for number, (name, films) in enumerate({"mine": (1, 2), "other": (2,)}.items()):
        assert write(writing, request(*films, patient=patients[name], request_id=ids[name])) == [
            None
        ]
        ids[name] += ".0" if len(films) > 1 else ""
        send(inbox.path, entry(f"f{number}", ids[name], notes=f"note about {name}"))
    log.take()
    inbox.take()
    for name in ("late", "later"):
        write(writing, request(3, patient=patients[name], request_id=ids[name]))
    writing.close()
    for key, column in BY_REQUEST.items():
        if key in (PREDICTIONS,) or column == "prediction_id":
            continue
        for rank, name in enumerate(("mine", "other")):
            more = {"review_rank": rank} if "review_rank" in CONTRACTS[key].schema else {}
            log.tables.append(key, row_of(CONTRACTS[key], **{column: ids[name]}, **more))
    leases = Leases(settings.reading_folder / LEASES)
    for name in ("mine", "other"):
        held = leases.take(name, lambda _, name=name: [(ids[name], "film")], 0, beside=None)
        assert held is not None
        leases.begin(held.lease, name, f"commit of {name}", 0)
    leases.close()
    return settings, ids


def holders(state: Path, needle: str) -> list[str]:
    """Files that hold these bytes; Delta's own log of commits names files and ranges, not rows."""
    files = (path for path in state.rglob("*") if path.is_file() and "_delta_log" not in path.parts)
    return [str(path.relative_to(state)) for path in files if needle.encode() in path.read_bytes()]


def rows(settings: Settings, key: Key) -> pl.DataFrame:
    return resources(settings).tables.read(key).collect()


def test_a_patient_leaves_every_store_and_nobody_else_does(tmp_path: Path):
    settings, ids = clinic(tmp_path)
    tables = resources(settings).tables
    assert holders(tmp_path, ids["late"]) and holders(tmp_path, "note about mine")
    case_key = rows(settings, PREDICTIONS).filter(request_id=ids["mine"])["case_key"][0]

    counts = erase(settings, tables, PATIENT, by="a person")

    assert counts["requests"] == counts["log"] == 3 and counts["films"] == 1
    assert (
        counts["inbox"]
        == counts["leases"]
        == 1
        == counts["reviewed_cases"]
        == counts["paired_predictions"]
    )
    for needle in (
        *(ids["mine"], ids["late"], case_key, "note about mine", "commit of mine"),
        *(PATIENT, "4711"),
    ):
        assert holders(tmp_path, needle) == []
    assert holders(tmp_path, "commit of other")
    for key, column in BY_REQUEST.items():
        assert ids["mine"] not in rows(settings, key)[column].to_list()
    assert ids["other"] in rows(settings, PREDICTIONS)["request_id"].to_list()
    log = InferenceLogRows(settings.inference_log)
    kept = log.read_after(0, 10)
    assert [row["request_id"] for row in kept] == [ids["other"], ids["later"]]
    assert all(log.image(row["image_sha256"]) for row in kept)
    (record,) = rows(settings, ERASURES).to_dicts()
    assert record["case_key_sha256"] == hashlib.sha256(case_key.encode()).hexdigest()
    assert record["erased_by"] == "a person" and PATIENT not in str(record)


def test_the_tables_go_on_after_an_erasure_and_miss_nothing(tmp_path: Path):
    settings, ids = clinic(tmp_path)
    known = resources(settings)
    erase(settings, known.tables, PATIENT, by="a person")
    LogWorld(tmp_path).take()
    InboxWorld(tmp_path).take()
    assert ids["later"] in rows(settings, PREDICTIONS)["request_id"].to_list()
    assert log_gaps(known.tables) == 0
    assert rows(settings, FEEDBACK_REJECTS).is_empty()
    assert rows(settings, REVIEWED_COUNTS).height == 1


@pytest.mark.parametrize("written", [3, 5, 7, 9])
def test_an_erasure_that_was_cut_off_is_finished_by_the_next(tmp_path: Path, written: int):
    settings, ids = clinic(tmp_path)
    tables = resources(settings).tables
    heads = list(read_heads(tables))

    class Cut:
        """Goes on for so many writes to tables."""

        left = written

        def __getattr__(self, name: str) -> Any:
            if name in ("merge", "remove"):
                self.left -= 1
                if self.left < 0:
                    raise OSError("the disk is gone")
            return getattr(tables, name)

    with pytest.raises(OSError, match="the disk is gone"):
        erase(settings, Cut(), PATIENT, by="a")  # type: ignore[arg-type]
    (begun,) = rows(settings, ERASURES).to_dicts()
    assert (begun["requests"], begun["finished_at"]) == (3, None)
    erase(settings, tables, PATIENT, by="a")
    assert holders(tmp_path, ids["mine"]) == []
    assert rows(settings, ERASURES)["finished_at"].null_count() == 0
    assert rows(settings, REVIEWED_COUNTS).height == 1
    LogWorld(tmp_path).take()
    assert log_gaps(tables) == 0
    assert list(read_heads(tables)) == heads, "erased reads are as good as there"


def test_a_position_that_no_erasure_took_is_missing_all_the_same(tmp_path: Path):
    settings, _ = clinic(tmp_path)
    tables = resources(settings).tables
    erase(settings, tables, PATIENT, by="a")
    LogWorld(tmp_path).take()
    more = [
        row_of(CONTRACTS[PREDICTIONS], request_id=f"r{n}", log_position=n, status_code=200)
        for n in (6, 8)
    ]
    tables.append(PREDICTIONS, pl.concat(more))
    assert log_gaps(tables) == 1


def test_a_film_that_comes_again_after_an_erasure_is_kept_again(tmp_path: Path):
    settings = Settings(state=tmp_path)
    path = settings.inference_log
    path.parent.mkdir(parents=True)
    writing = writer(path)
    write(writing, request(7, patient=PATIENT))
    erase(settings, resources(settings).tables, PATIENT, by="a")
    write(writing, request(7, patient="B"))
    writing.close()
    (row,) = InferenceLogRows(path).read_after(0, 5)
    assert InferenceLogRows(path).image(row["image_sha256"])


def test_without_a_case_key_nothing_is_made_and_nothing_said_to_be_erased(tmp_path: Path):
    settings = Settings(state=tmp_path)
    with pytest.raises(NoCaseKeys):
        erase(settings, resources(settings).tables, PATIENT, by="a")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_erased_rows_are_remembered_and_no_loss(tmp_path: Path):
    settings, _ = clinic(tmp_path)
    erase(settings, resources(settings).tables, PATIENT, by="a")
    with closing(sqlite3.connect(settings.inference_log)) as connection:
        numbers = connection.execute("SELECT number FROM erased").fetchall()
    assert numbers == [(1,), (2,), (4,)]
