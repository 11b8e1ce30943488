"""The real Kaggle client against a local server: download, resume, refusals."""

import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest

from xray_assets.resources.kaggle import KaggleDataset
from xray_assets.sources.kaggle_download import (
    KaggleRefused,
    download,
    has_credentials,
)
from xray_assets.sources.source_films import films_in
from xray_assets.storage.disk_space import NoSpace
from xray_assets.storage.zip_folder import UnsafeArchive
from xray_assets_tests.sources.kaggle_stub import KEY, TOKEN, USER, KaggleStub

CREDENTIALS = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY")


def zipped(members: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return stream.getvalue()


FILMS = zipped(
    {
        f"chest_xray/{split}/{label}/{name}.jpeg": os.urandom(400_000)
        for split, label, name in [
            ("train", "NORMAL", "IM-0001-0001"),
            ("test", "NORMAL", "IM-0002-0001"),
            ("train", "PNEUMONIA", "person1_virus_1"),
            ("test", "PNEUMONIA", "person2_bacteria_2"),
        ]
    }
)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[KaggleStub]:
    from kagglesdk import kaggle_env

    server = KaggleStub(FILMS)
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.PROD, server.url)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in (*CREDENTIALS, "KAGGLE_CONFIG_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KAGGLE_USERNAME", USER)
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    yield server
    server.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client waits seconds between retries."""
    from kaggle.api import kaggle_api_extended

    monkeypatch.setattr(kaggle_api_extended.time, "sleep", lambda seconds: None)


def test_a_data_set_is_downloaded_once_and_read_from_its_archive(
    stub: KaggleStub, tmp_path: Path
) -> None:
    dataset = KaggleDataset(dataset="owner/chest", folder=str(tmp_path / "kaggle"))
    opened = dataset.open()
    films = films_in(opened.folder.files(), address=opened.folder.address)
    assert [film.filename for film in films] == [
        "IM-0002-0001.jpeg",
        "person2_bacteria_2.jpeg",
        "IM-0001-0001.jpeg",
        "person1_virus_1.jpeg",
    ]
    assert len(opened.folder.read(films[0].path)) == 400_000
    assert (opened.kind, opened.synthetic) == ("kaggle", False)
    asked = len(stub.requests)
    dataset.open()
    assert len(stub.requests) == asked


def test_a_token_is_accepted_as_well(
    stub: KaggleStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KAGGLE_USERNAME")
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert download("owner/chest", tmp_path).read_bytes() == FILMS


@pytest.mark.usefixtures("impatient")
def test_a_cut_transfer_is_resumed_where_it_broke(stub: KaggleStub, tmp_path: Path) -> None:
    stub.cut_after = [1_200_000, 100_000]
    assert download("owner/chest", tmp_path).read_bytes() == FILMS
    first, *resumed = stub.ranges
    assert first is None
    assert resumed == [f"bytes={1024**2}-"] * 2


def test_a_download_whose_process_was_killed_is_resumed_by_the_next(
    stub: KaggleStub, tmp_path: Path
) -> None:
    script = (
        "import sys; from pathlib import Path; from kagglesdk import kaggle_env\n"
        f"kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.PROD] = {stub.url!r}\n"
        "from xray_assets.sources.kaggle_download import download\n"
        f"download('owner/chest', Path({str(tmp_path)!r}))\n"
    )
    stub.stall_after = 1_200_000
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.DEVNULL)
    assert stub.stalled.wait(120)
    partial = tmp_path / "incoming" / "chest.zip"
    while not partial.exists() or partial.stat().st_size < 1024**2:
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (tmp_path / "chest.zip").exists()
    stub.stall_after = None
    assert download("owner/chest", tmp_path).read_bytes() == FILMS
    assert stub.ranges[-1] == f"bytes={1024**2}-"


@pytest.mark.usefixtures("impatient")
def test_an_archive_that_changed_meanwhile_is_taken_from_the_start(
    stub: KaggleStub, tmp_path: Path
) -> None:
    stub.cut_after = [700_000] * 6
    with pytest.raises(OSError, match=r"Connection|IncompleteRead"):
        download("owner/chest", tmp_path)
    stub.etag = '"two"'
    stub.archive = zipped({"chest_xray/train/NORMAL/a.jpeg": os.urandom(1_500_000)})
    assert download("owner/chest", tmp_path).read_bytes() == stub.archive


def test_without_credentials_the_client_is_not_even_imported(
    stub: KaggleStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    assert not has_credentials()
    with pytest.raises(KaggleRefused, match="KAGGLE_API_TOKEN"):
        download("owner/chest", tmp_path)
    assert stub.requests == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"KAGGLE_KEY": "wrong"}, "401"),
        ({"KAGGLE_USERNAME": "", "KAGGLE_API_TOKEN": "wrong"}, "does not accept"),
    ],
)
def test_wrong_credentials_are_a_clear_error_and_leave_nothing(
    stub: KaggleStub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    with pytest.raises(KaggleRefused, match=words):
        download("owner/chest", tmp_path / "kaggle")
    assert not (tmp_path / "kaggle" / "chest.zip").exists()


def test_an_unknown_data_set_is_a_clear_error(stub: KaggleStub, tmp_path: Path) -> None:
    with pytest.raises(KaggleRefused, match="owner/other"):
        download("owner/other", tmp_path)


def test_a_small_disk_is_refused_before_the_first_byte(stub: KaggleStub, tmp_path: Path) -> None:
    with pytest.raises(NoSpace, match="XRAY_STATE"):
        download("owner/chest", tmp_path, free_bytes=lambda folder: 1_000_000)
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    "archive",
    [zipped({"../evil.jpeg": b"evil"}), b"PK not a zip", FILMS[:-100]],
    ids=["zip-slip", "no zip", "cut at the source"],
)
def test_an_archive_that_must_not_be_used_is_not_kept_as_the_data_set(
    stub: KaggleStub, tmp_path: Path, archive: bytes
) -> None:
    stub.archive = archive
    with pytest.raises(UnsafeArchive):
        download("owner/chest", tmp_path)
    assert not (tmp_path / "chest.zip").exists()
    stub.archive, stub.etag = FILMS, '"repaired"'
    assert download("owner/chest", tmp_path).read_bytes() == FILMS


def test_progress_counts_megabytes(stub: KaggleStub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    download("owner/chest", tmp_path, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(FILMS) // 1024**2, len(FILMS) // 1024**2)
