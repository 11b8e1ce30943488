"""Local and S3 folders behave alike; the S3 one against a real moto server."""

import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from xray_assets.errors import XrayError
from xray_assets.resources.images import S3Access
from xray_assets.sources.origins import NoSource, open_films
from xray_assets.storage.film_folder import FilmFolder, StoredFile
from xray_assets.storage.local_folder import LinkLoop, LocalFolder
from xray_assets.storage.opening import open_folder, read_film


@pytest.fixture(scope="module")
def s3_client() -> Iterator[Any]:
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        _, port = server.get_host_and_port()
        client = S3Access(region="us-east-1", endpoint_url=f"http://127.0.0.1:{port}").client()
        client.create_bucket(Bucket="films")
        yield client
        server.stop()


@pytest.fixture(params=["local", "s3"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> FilmFolder:
    if request.param == "local":
        return open_folder(str(tmp_path / "films"))
    client = request.getfixturevalue("s3_client")
    return open_folder(f"s3://films/{tmp_path.name}/", s3_client=client)


def test_what_is_written_is_listed_read_and_replaced_whole(folder: FilmFolder) -> None:
    assert list(folder.files()) == []
    folder.write("normal/a.jpeg", b"first")
    folder.write("pneumonia/b.jpeg", b"other film")
    folder.write("normal/a.jpeg", b"second")
    listed = sorted(folder.files(), key=lambda file: file.path)
    assert listed == [StoredFile("normal/a.jpeg", 6), StoredFile("pneumonia/b.jpeg", 10)]
    assert folder.read("normal/a.jpeg") == b"second"
    assert folder.read_location(folder.location("normal/a.jpeg")) == b"second"


def test_a_missing_file_is_a_file_not_found_error(folder: FilmFolder) -> None:
    with pytest.raises(FileNotFoundError):
        folder.read("normal/none.jpeg")


def test_a_location_is_enough_to_read_a_film(tmp_path: Path, s3_client: Any) -> None:
    for address in (str(tmp_path / "v"), "s3://films/volume/deep"):
        folder = open_folder(address, s3_client=s3_client)
        folder.write("normal/a.jpeg", b"film")
        assert read_film(folder.location("normal/a.jpeg"), s3_client=s3_client) == b"film"


def test_a_listing_of_many_objects_has_all_pages(
    s3_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xray_assets.storage.s3_folder.FILES_A_PAGE", 3)
    folder = open_folder("s3://films/many", s3_client=s3_client)
    for place in range(8):
        folder.write(f"normal/{place}.jpeg", b"x")
    assert sum(1 for _ in folder.files()) == 8


def test_failing_s3_is_an_os_error_that_names_place_and_cause(s3_client: Any) -> None:
    folder = open_folder("s3://no-such-bucket/films", s3_client=s3_client)
    for act in (
        lambda: list(folder.files()),
        lambda: folder.write("a", b""),
        lambda: folder.read("a"),
    ):
        with pytest.raises(OSError, match=r"no-such-bucket.*NoSuchBucket"):
            act()


def test_an_address_without_a_bucket_is_refused() -> None:
    with pytest.raises(XrayError, match="names no bucket"):
        open_folder("s3:///films", s3_client=object())


def test_unfinished_and_hidden_files_are_not_listed(tmp_path: Path) -> None:
    (tmp_path / ".a.jpeg.1-2.part").write_bytes(b"half")
    (tmp_path / ".DS_Store").write_bytes(b"")
    assert list(open_folder(str(tmp_path)).files()) == []


def test_a_process_killed_while_it_writes_leaves_no_torn_film(tmp_path: Path) -> None:
    script = (
        "import itertools, sys; from xray_assets.storage.opening import open_folder\n"
        f"folder = open_folder({str(tmp_path)!r})\n"
        "for n in itertools.count():\n"
        "    folder.write(f'normal/{n % 7}.jpeg', bytes([n % 256]) * 300_000)\n"
        "    if n == 20: print('going', flush=True)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    files = list(open_folder(str(tmp_path)).files())
    assert len(files) == 7
    assert {file.size for file in files} == {300_000}


def test_a_reader_never_sees_half_of_a_film_that_is_being_replaced(tmp_path: Path) -> None:
    folder = open_folder(str(tmp_path))
    folder.write("normal/a.jpeg", bytes(1_000_000))

    def rewrite() -> None:
        for value in range(150):
            folder.write("normal/a.jpeg", bytes([value]) * 1_000_000)

    writer = threading.Thread(target=rewrite)
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(folder.read("normal/a.jpeg"))
    writer.join()
    assert {len(data) for data in seen} == {1_000_000}
    assert all(len(set(data)) == 1 for data in seen[::10])


def test_a_zip_archive_is_a_source_like_any_folder(tmp_path: Path) -> None:
    archive = tmp_path / "films.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("chest_xray/train/NORMAL/a.jpeg", b"film")
    opened = open_films(f"{archive}", base=tmp_path)
    assert [file.path for file in opened.folder.files()] == ["chest_xray/train/NORMAL/a.jpeg"]
    with pytest.raises(NoSource, match="no folder and no zip archive"):
        open_films("other.zip", base=tmp_path)


def test_a_link_is_followed_and_one_that_leads_back_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.png").write_bytes(b"film")
    films = tmp_path / "films"
    (films / "NORMAL").mkdir(parents=True)
    (films / "NORMAL" / "linked").symlink_to(tmp_path / "elsewhere")
    folder = LocalFolder(films)
    assert [file.path for file in folder.files()] == ["NORMAL/linked/a.png"]
    (films / "NORMAL" / "again").symlink_to(films)
    with pytest.raises(LinkLoop, match="NORMAL/again is a link"):
        list(folder.files())
