"""`xray score` as a person runs it: champion from the registry, tables, kills, refusals."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from xray_assets.catalog import CHAMPION, KERAS_CLASSIFIER, XRAY_METADATA, Catalog
from xray_assets.cli import app
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.images import S3Access
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.registry import ModelRegistry
from xray_assets.settings import Settings
from xray_assets.storage.opening import open_folder
from xray_assets.training.records import tracking
from xray_assets_tests.batch.made import dense_network, make_films

MODEL = Catalog().table(KERAS_CLASSIFIER)
COMMAND = [sys.executable, "-c", "from xray_assets.cli import main; main()", "score"]


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose registry holds two versions; version 1 is the champion."""
    settings = Settings(state=tmp_path_factory.mktemp("state"))
    tracker = tracking.open_tracker(settings.mlflow_uri)
    place = (settings.mlflow_folder / "artifacts").as_uri()
    with tracking.tracked_run(tracker, "keras", place) as run:
        for version in (1, 2):
            artifact = ServingArtifact.write(
                settings.state / "made" / str(version),
                onnx=dense_network(version),
                threshold=0.4,
                preprocessing_version="1",
                family="keras",
                opset=17,
            )
            assert tracking.register(run, artifact, MODEL, {}) == version
    registry = ModelRegistry(settings.mlflow_uri, settings.artifact_cache)
    registry.reconcile_aliases({CHAMPION: (MODEL, 1)}, [MODEL])
    return settings.state


@pytest.fixture(autouse=True)
def environment(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("XRAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XRAY_STATE", str(state))
    monkeypatch.setenv("COLUMNS", "200")


def score(*arguments: str | Path, code: int = 0) -> str:
    """What the command prints, with its exit code checked."""
    result = CliRunner().invoke(app, ["score", "--processes", "2", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        assert code == 1, result.output
        return str(result.exception)  # what main() prints as one message
    assert result.exit_code == code, result.output
    return result.output


def counts(printed: str) -> dict[str, str]:
    cells = [line.split("│") for line in printed.splitlines() if line.count("│") == 3]
    return {cell[1].strip().split(",")[0]: cell[2].strip() for cell in cells}


def test_the_champion_scores_a_folder_and_the_command_says_what_it_did(tmp_path: Path) -> None:
    films = make_films(tmp_path / "films", 40)
    (tmp_path / "films" / "bad.jpeg").write_bytes(b"no film")
    (tmp_path / "films" / "notes.txt").touch()
    said = counts(score(tmp_path / "films", "--output", tmp_path / "out"))
    assert said["model"] == f"{MODEL} version 1"
    assert (said["scored"], said["rejected"], said["skipped"]) == ("40", "1", "0")
    assert (said["not read"], said["other files"]) == ("0", "1")
    assert int(said["images/s"]) > 0
    rows = pl.read_delta(str(tmp_path / "out"))
    assert len(rows) == 41
    assert set(rows["model_version"]) == {1}
    scored = rows.filter(pl.col("error").is_null())
    assert set(scored["file_path"]) == set(map(str, films))
    assert scored.select(((pl.col("probability") >= 0.4) == pl.col("predicted_label")).all()).item()
    again = counts(score(tmp_path / "films", "--output", tmp_path / "out"))
    assert (again["scored"], again["rejected"], again["skipped"]) == ("0", "0", "41")


def test_another_model_on_the_same_output_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    make_films(tmp_path / "films", 5)
    score(tmp_path / "films", "--output", tmp_path / "out")
    before = pl.read_delta(str(tmp_path / "out"))
    make_films(tmp_path / "films" / "more", 5)
    named = ("--model", KERAS_CLASSIFIER[1], "--version", "2")
    refused = score(tmp_path / "films", "--output", tmp_path / "out", *named, code=1)
    assert f"holds scores of {MODEL} version 1" in refused
    assert pl.read_delta(str(tmp_path / "out")).equals(before)
    other = counts(score(tmp_path / "films", "--output", tmp_path / "other", *named))
    assert (other["model"], other["scored"]) == (f"{MODEL} version 2", "10")
    newest = counts(score(tmp_path / "films", "--output", tmp_path / "other", "--model", MODEL))
    assert (newest["model"], newest["skipped"]) == (f"{MODEL} version 2", "10")


@pytest.mark.parametrize("name", ["silver.xray_metadata", Catalog().table(XRAY_METADATA)])
def test_a_table_names_its_films_by_two_or_three_levels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    films = make_films(tmp_path / "films", 12)
    lake = tmp_path / "lake"
    monkeypatch.setenv("XRAY_LAKE_URI", str(lake))
    LocalDelta(root=str(lake)).append(XRAY_METADATA, metadata(films))
    said = counts(score(name, "--output", tmp_path / "out", "--format", "parquet"))
    assert said["scored"] == "12"
    rows = pl.read_parquet(tmp_path / "out" / "*.parquet").sort("image_id")
    assert rows["image_id"].to_list() == sorted(f"id-{number}" for number in range(12))
    assert set(rows["file_path"]) == set(map(str, films))


def metadata(films: list[Path]) -> pl.DataFrame:
    """Rows of silver.xray_metadata for these films."""
    rows = [
        {
            "image_id": f"id-{number}",
            "label": 0,
            "label_name": "NORMAL",
            "dataset_split": "test",
            "file_path": str(film),
            "image_width": 96,
            "image_height": 96,
            "quality_score": 0.5,
            "processed_at": datetime.now(UTC),
            "source_batch_id": "b",
            "patient_id": f"p{number}",
            "patient_id_source": "digest",
            "subtype": None,
            "sha256": f"{number:064d}",
            "pixel_sha256": f"{number:064d}",
        }
        for number, film in enumerate(films)
    ]
    return pl.DataFrame(rows, schema=CONTRACTS[XRAY_METADATA].schema)


def test_what_cannot_be_scored_is_refused_with_what_to_do(tmp_path: Path) -> None:
    out = ("--output", tmp_path / "out")
    assert "silver.xray_metadata" in score("gold.nothing", *out, code=1)
    (tmp_path / "empty").mkdir()
    assert "holds no films" in score(tmp_path / "empty", *out, code=1)
    make_films(tmp_path / "films", 1)
    assert "name it with --model" in score(tmp_path / "films", *out, "--version", "1", code=1)
    unknown = score(tmp_path / "films", *out, "--model", MODEL, "--version", "9", code=1)
    assert "train it first" in unknown


def test_without_a_champion_the_command_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_STATE", str(tmp_path / "fresh"))
    make_films(tmp_path / "films", 1)
    said = score(tmp_path / "films", "--output", tmp_path / "out", code=1)
    assert "xray materialize" in said


def test_a_film_that_is_gone_ends_the_command_with_one_and_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = make_films(tmp_path / "films", 3)
    monkeypatch.setenv("XRAY_LAKE_URI", str(tmp_path / "lake"))
    LocalDelta(root=str(tmp_path / "lake")).append(XRAY_METADATA, metadata(films))
    films[1].unlink()
    said = score("silver.xray_metadata", "--output", tmp_path / "out", code=1)
    assert "1 films could not be read" in said
    assert films[1].name in said
    assert len(pl.read_delta(str(tmp_path / "out"))) == 2


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket of a moto server, which boto3 finds by its own variables."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    variables = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    S3Access().client().create_bucket(Bucket="films")
    yield "s3://films/day-1"
    server.stop()


def test_films_in_a_bucket_are_scored_by_every_worker(tmp_path: Path, bucket: str) -> None:
    folder = open_folder(bucket)
    for film in make_films(tmp_path / "films", 70):
        folder.write(f"{film.parent.name}/{film.name}", film.read_bytes())
    said = counts(score(bucket, "--output", tmp_path / "out"))
    assert (said["scored"], said["not read"]) == ("70", "0")
    paths = pl.read_delta(str(tmp_path / "out"))["file_path"]
    assert paths.n_unique() == 70
    assert paths.str.starts_with("s3://films/day-1/part-").all()


@pytest.mark.parametrize("kind", ["delta", "parquet"])
def test_killed_again_and_again_and_finished_there_is_exactly_one_row_a_film(
    tmp_path: Path, kind: str
) -> None:
    films = make_films(tmp_path / "films", 3000)
    out = tmp_path / "out"
    command = [*COMMAND, str(tmp_path / "films"), "--output", str(out), "--format", kind]
    command += ["--processes", "2", "--commit-rows", "32"]
    chance, progress = random.Random(kind), [0]
    for _ in range(2):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
            await_more_rows_than(progress[-1], out, kind, running)
            time.sleep(chance.uniform(0, 0.1))
            workers = children(running.pid)
            running.send_signal(signal.SIGKILL)
        assert running.returncode == -signal.SIGKILL, "it was not killed midway"
        await_end(workers)
        progress.append(rows_in(out, kind))
    assert 0 < progress[1] < progress[2] < 3000
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert counts(done.stdout)["skipped"] == f"{progress[-1]:,}"
    paths = scan(out, kind).select("file_path").collect()["file_path"]
    assert sorted(paths) == sorted(map(str, films))


def scan(out: Path, kind: str) -> pl.LazyFrame:
    return pl.scan_delta(str(out)) if kind == "delta" else pl.scan_parquet(out / "*.parquet")


def rows_in(out: Path, kind: str) -> int:
    try:
        return scan(out, kind).select(pl.len()).collect().item()
    except Exception:
        return 0  # nothing is there yet


def await_more_rows_than(rows: int, out: Path, kind: str, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while rows_in(out, kind) <= rows:
        assert running.poll() is None, "the run ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def await_end(pids: list[int]) -> None:
    """Workers of a killed run must not wait for work for ever."""
    assert pids
    deadline = time.monotonic() + 60
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline, "workers outlived the run"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # a container may have nobody to collect it
