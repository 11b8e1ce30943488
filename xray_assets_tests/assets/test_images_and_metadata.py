"""From a source to silver through real runs: idempotent, incremental, whole after a crash."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from xray_assets.catalog import KAGGLE_XRAY_METADATA, XRAY_IMAGES, XRAY_METADATA, XRAY_REJECTS
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.databricks.images import UnityCatalogVolume
from xray_assets.resources.images import S3Access
from xray_assets.resources.local.images import S3Volume
from xray_assets.settings import PROJECT
from xray_assets_tests.assets.ingest_and_curate import (
    TABLES,
    World,
    film,
    shown,
    write_films,
)

SAMPLE = PROJECT / ".." / "shared" / "xray_sample" / "chest_xray"


@pytest.fixture
def films(tmp_path: Path) -> Path:
    return write_films(tmp_path / "source", patients=6)


@pytest.fixture
def world(tmp_path: Path, films: Path) -> World:
    return World(tmp_path / "state", f"folder:{films}")


def test_films_reach_silver_and_every_check_passes(world: World) -> None:
    result = world.run()
    assert len(world.volume_films()) == 24
    metadata = world.rows(XRAY_METADATA)
    assert metadata.height == 24
    assert set(metadata["label"]) == {0, 1}
    assert metadata["patient_id"].n_unique() == 12
    evaluations = result.get_asset_check_evaluations()
    assert len(evaluations) == 5
    assert all(evaluation.passed for evaluation in evaluations)
    for row in metadata.iter_rows(named=True):
        assert Path(row["file_path"]).read_bytes() in world.volume_films().values()


def test_a_second_run_ingests_nothing_and_makes_no_new_version(world: World) -> None:
    first = world.run()
    rows, versions, held = [world.rows(k) for k in TABLES], world.versions(), world.volume_films()
    second = world.run()
    assert shown(second, XRAY_IMAGES)["new_films"] == 0
    assert world.versions() == versions
    assert world.volume_films() == held
    for before, key in zip(rows, TABLES, strict=True):
        assert_frame_equal(before, world.rows(key))
    for key in (XRAY_IMAGES, KAGGLE_XRAY_METADATA, XRAY_METADATA):
        versions_of = [_data_version(result, key) for result in (first, second)]
        assert versions_of[0] == versions_of[1]


def _data_version(result: dg.ExecuteInProcessResult, key: tuple[str, str]) -> str:
    (event,) = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(key)
    ]
    return (event.tags or {})["dagster/data_version"]


def test_more_films_change_no_row_and_move_no_split(world: World, films: Path) -> None:
    world.limit = 10
    world.run()
    before = world.rows(XRAY_METADATA)
    assert before["label"].value_counts().sort("label")["count"].to_list() == [5, 5]
    write_films(films.parent, patients=6, first=100)
    world.limit = None
    world.run()
    after = world.rows(XRAY_METADATA)
    assert after.height == 48
    assert_frame_equal(after.join(before, on="image_id", how="semi"), before)
    assert (
        after.group_by("patient_id")
        .agg(pl.col("dataset_split").n_unique())["dataset_split"]
        .to_list()
        == [1] * after["patient_id"].n_unique()
    )


def test_a_moved_source_ingests_nothing_new(world: World, films: Path) -> None:
    world.run()
    versions = world.versions()
    moved = films.parent.parent / "elsewhere" / "chest_xray"
    moved.parent.mkdir()
    films.rename(moved)
    world.setting = f"folder:{moved / 'train'}"
    assert shown(world.run(), XRAY_IMAGES)["new_films"] == 0
    assert world.versions() == versions


def test_unusable_films_go_to_rejects_and_stop_nothing(world: World, films: Path) -> None:
    normal = films / "train" / "NORMAL"
    (normal / "corrupt.jpeg").write_bytes(b"corrupt")
    (normal / "cut.jpeg").write_bytes(film(900)[:-200])
    (normal / "tiny.jpeg").write_bytes(film(901, side=8))
    (normal / "IM-0900-0001.jpeg").write_bytes(film(1))
    (normal / "whose is this.jpeg").write_bytes(film(902))
    world.run()
    refused = world.rows(XRAY_REJECTS).sort("reason_code")
    assert list(refused.select("reason_code", "category", "filename").iter_rows()) == [
        ("duplicate", "NORMAL", "IM-0900-0001.jpeg"),
        ("not_an_image", "NORMAL", "corrupt.jpeg"),
        ("too_small", "NORMAL", "tiny.jpeg"),
        ("truncated", "NORMAL", "cut.jpeg"),
    ]
    metadata = world.rows(XRAY_METADATA)
    assert metadata.height == 25
    assert metadata.filter(patient_id_source="digest").height == 1
    again = world.versions()
    world.run()
    assert world.versions() == again


def test_a_third_copy_of_a_film_with_two_labels_is_refused_too(world: World, films: Path) -> None:
    copy = film(777)
    (films / "train" / "NORMAL" / "x.jpeg").write_bytes(copy)
    (films / "test" / "PNEUMONIA" / "y.jpeg").write_bytes(copy)
    world.run()
    assert world.rows(XRAY_REJECTS).height == 2
    (films / "train" / "NORMAL" / "z.jpeg").write_bytes(copy)
    world.run()
    rejects = world.rows(XRAY_REJECTS)
    assert rejects.height == 3
    assert set(rejects["reason_code"]) == {"label_conflict"}
    assert world.rows(XRAY_METADATA).height == 24


def test_changed_shares_draw_again_only_with_a_full_refresh(world: World) -> None:
    world.run()
    before = world.rows(XRAY_METADATA)
    world.shares = (0.0, 0.0, 1.0)
    world.run()
    assert_frame_equal(world.rows(XRAY_METADATA), before)
    result = world.run(full_refresh=True)
    assert set(world.rows(XRAY_METADATA)["dataset_split"]) == {"test"}
    assert shown(result, XRAY_METADATA)["shares_reached"]["test"] == 1.0


def test_a_patient_in_two_splits_fails_a_blocking_check(world: World) -> None:
    world.run()
    rows = world.rows(XRAY_METADATA)
    view = pl.int_range(pl.len()).over("patient_id")
    split = pl.when(view == 0).then(pl.lit("train")).otherwise(pl.lit("test"))
    world.tables.overwrite(XRAY_METADATA, rows.with_columns(dataset_split=split))
    result = world.run(fails=True)
    (leak,) = [
        evaluation
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name == "splits_share_nothing"
    ]
    assert not leak.passed
    assert leak.blocking
    assert leak.metadata["patient_id_in_two_splits"].value == 12
    assert not result.success


def test_many_refused_films_are_a_warning_that_blocks_nothing(world: World, films: Path) -> None:
    for number in range(10):
        (films / "train" / "NORMAL" / f"broken{number}.jpeg").write_bytes(b"no %d" % number)
    result = world.run()
    (check,) = [
        evaluation
        for evaluation in result.get_asset_check_evaluations()
        if evaluation.check_name == "few_films_are_refused"
    ]
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.success


def test_a_run_killed_in_mid_ingest_is_finished_by_the_next(tmp_path: Path) -> None:
    films = write_films(tmp_path / "source", patients=40)
    state = tmp_path / "state"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from xray_assets.sources import ingest\n"
        "from xray_assets.storage.local_folder import LocalFolder\n"
        "from xray_assets_tests.assets.ingest_and_curate import World\n"
        "ingest.LINES_A_PART = 20\n"
        "read = LocalFolder.read\n"
        "def slowly(self, path):\n"
        "    time.sleep(0.01)\n"
        "    return read(self, path)\n"
        "LocalFolder.read = slowly\n"
        "World(Path(sys.argv[1]), sys.argv[2]).run()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(state), f"folder:{films}"],
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while sum(1 for _ in (state / "volumes").rglob("*.jpeg")) < 50:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    world = World(state, f"folder:{films}")
    copied = len(world.volume_films())
    assert 50 <= copied < 160
    assert world.versions() == [None, None, None]
    result = world.run()
    assert len(world.volume_films()) == 160
    assert shown(result, XRAY_IMAGES)["new_films"] <= 160 - 40
    assert world.rows(XRAY_METADATA).height == 160
    assert sorted(path.read_bytes() for path in films.rglob("*.jpeg")) == sorted(
        world.volume_films().values()
    )


def test_phantoms_are_the_default_and_labelled_synthetic_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name, raising=False)
    world = World(tmp_path, "auto", limit=8)
    result = world.run()
    pictures = shown(result, XRAY_IMAGES)
    assert pictures["synthetic"] is True
    assert "synthetic" in pictures["source"]
    assert pictures["sample"].startswith("Synthetic phantoms")
    assert len(pictures["sample"]) < 40_000
    assert shown(result, KAGGLE_XRAY_METADATA)["synthetic"] is True
    world.limit = 12
    assert shown(world.run(), XRAY_IMAGES)["new_films"] == 4


def test_films_are_refused_where_phantoms_are(tmp_path: Path, films: Path) -> None:
    World(tmp_path / "state", "phantom", limit=4).run()
    result = World(tmp_path / "state", f"folder:{films}").run(fails=True)
    assert not result.success
    failures = [event for event in result.all_events if event.is_step_failure]
    assert "they are not mixed" in str(failures[0].step_failure_data.error)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("folder:/no/such/folder", "there is no folder and no zip"),
        ("folder:", "names no source"),
        ("bucket:x", "names no source"),
        ("folder:{empty}", "holds no films"),
    ],
)
def test_a_source_that_is_none_says_what_to_write(tmp_path: Path, setting: str, words: str) -> None:
    result = World(tmp_path / "state", setting.format(empty=tmp_path)).run(fails=True)
    failure = next(event for event in result.all_events if event.is_step_failure)
    details = failure.step_failure_data
    assert words in f"{details.error} {details.user_failure_data}"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Access]:
    from moto.server import ThreadedMotoServer

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield S3Access(region="us-east-1", endpoint_url=f"http://127.0.0.1:{port}")
    server.stop()


def test_films_come_from_s3_and_are_kept_in_s3(tmp_path: Path, films: Path, s3: S3Access) -> None:
    client = s3.client()
    client.create_bucket(Bucket="films")
    for path in films.rglob("*.jpeg"):
        key = f"kaggle/{path.relative_to(films.parent).as_posix()}"
        client.put_object(Bucket="films", Key=key, Body=path.read_bytes())
    world = World(tmp_path / "state", "folder:s3://films/kaggle", limit=12)
    world.overrides = {"s3": s3, "volume": S3Volume(root="s3://films/lake", s3=s3)}
    world.run()
    metadata = world.rows(XRAY_METADATA)
    assert metadata.height == 12
    prefix = "s3://films/lake/healthcare_catalog_dev/bronze/xray_images/"
    assert metadata["file_path"].str.starts_with(prefix).all()
    versions = world.versions()
    assert shown(world.run(), XRAY_IMAGES)["new_films"] == 0
    assert world.versions() == versions


def test_the_databricks_volume_says_that_it_is_not_connected_yet() -> None:
    with pytest.raises(NotYetOnDatabricks, match="image volume"):
        UnityCatalogVolume().open()


@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the real films are not on this machine")
def test_real_films_are_curated_without_a_refusal(tmp_path: Path) -> None:
    world = World(tmp_path, "folder:../shared/xray_sample/chest_xray", limit=60)
    world.run()
    metadata = world.rows(XRAY_METADATA)
    assert metadata["label_name"].value_counts()["count"].to_list() == [30, 30]
    assert world.rows(XRAY_REJECTS).is_empty()
    assert metadata.filter(patient_id_source="filename").height == 60
    assert metadata["quality_score"].mean() > 0.8  # type: ignore[operator]
    assert set(metadata.filter(label=1)["subtype"]) <= {"bacteria", "virus"}
