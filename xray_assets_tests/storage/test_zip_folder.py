"""An archive from the network is checked before any of it is used."""

import struct
import zipfile
from pathlib import Path

import pytest

from xray_assets.storage.film_folder import StoredFile
from xray_assets.storage.zip_folder import RATIO_FLOOR_BYTES, UnsafeArchive, ZipFolder

FILM = "chest_xray/train/NORMAL/a.jpeg"


def archive(path: Path, members: dict[str, bytes], *, packed: bool = False) -> Path:
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members.items():
            file.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return path


def test_members_are_listed_and_read_where_they_are(tmp_path: Path) -> None:
    folder = ZipFolder(archive(tmp_path / "films.zip", {FILM: b"film", "chest_xray/": b""}))
    assert list(folder.files()) == [StoredFile(FILM, 4)]
    assert folder.read(FILM) == b"film"
    assert [path.name for path in tmp_path.iterdir()] == ["films.zip"]
    with pytest.raises(FileNotFoundError):
        folder.read("none")
    with pytest.raises(PermissionError):
        folder.write(FILM, b"")


@pytest.mark.parametrize(
    "name",
    ["../../evil.jpeg", "/etc/evil.jpeg", "a/../../evil.jpeg", "..\\evil.jpeg", "C:/evil.jpeg"],
)
def test_a_name_that_leaves_the_folder_condemns_the_archive(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "slip.zip", {FILM: b"film", name: b"evil"})
    with pytest.raises(UnsafeArchive, match="outside"):
        ZipFolder(path)


def test_a_link_condemns_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as file:
        link = zipfile.ZipInfo("chest_xray/train/NORMAL/a.jpeg")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchive, match="link"):
        ZipFolder(path)


def test_a_bomb_is_refused_by_its_ratio_before_it_is_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "bomb.zip", {FILM: bytes(RATIO_FLOOR_BYTES * 4)}, packed=True)
    with pytest.raises(UnsafeArchive, match="bomb"):
        ZipFolder(path)


def test_a_member_too_large_for_a_film_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("xray_assets.storage.zip_folder.MAX_FILM_BYTES", 10)
    with pytest.raises(UnsafeArchive, match="the limit is 10"):
        ZipFolder(archive(tmp_path / "large.zip", {FILM: b"x" * 11}))


@pytest.mark.parametrize("declared", [10, 5_000])
def test_a_member_that_is_not_as_large_as_declared_is_refused(
    tmp_path: Path, declared: int
) -> None:
    path = archive(tmp_path / "lie.zip", {FILM: bytes(1000)}, packed=True)
    data = bytearray(path.read_bytes())
    local, central = data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")
    data[local + 22 : local + 26] = struct.pack("<I", declared)
    data[central + 24 : central + 28] = struct.pack("<I", declared)
    path.write_bytes(data)
    with pytest.raises(UnsafeArchive):
        ZipFolder(path).read(FILM)


def test_a_damaged_archive_or_member_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "films.zip", {FILM: b"film film film"})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"film film", b"film evil", 1))
    with pytest.raises(UnsafeArchive, match="damaged"):
        ZipFolder(path).read(FILM)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnsafeArchive, match="not a readable zip"):
        ZipFolder(path)
