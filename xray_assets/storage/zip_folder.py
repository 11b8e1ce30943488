"""The films inside a zip archive, read where they are: nothing is unpacked to a disk.

An archive from the network is not trusted: every name and every size is checked before a byte is
used. `write` is refused.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from typing_extensions import override

from xray_assets.errors import XrayError
from xray_assets.storage.film_folder import FilmFolder, StoredFile

MAX_FILM_BYTES = 64 * 1024**2
"""Largest member that is read; films of the public data set stay below 3 MB."""

MAX_RATIO = 50
"""Largest ratio of unpacked to packed size; JPEG does not compress (about 1)."""

RATIO_FLOOR_BYTES = 1024**2
"""Smaller members may compress well (a blank film); they cannot fill anything."""


class UnsafeArchive(XrayError, OSError):
    """The archive holds a member that could do harm or is not what it says; none of it is used."""


class ZipFolder(FilmFolder):
    """The members of one zip file, checked as a whole when it is opened."""

    def __init__(self, archive: Path) -> None:
        """Open and check. Raises UnsafeArchive for a damaged or dangerous archive."""
        self.address = str(archive.absolute())
        try:
            self._zip = zipfile.ZipFile(archive)
        except zipfile.BadZipFile as error:
            raise UnsafeArchive(f"{archive} is not a readable zip archive ({error})") from error
        self._members = {
            member.filename: member for member in self._zip.infolist() if not member.is_dir()
        }
        for member in self._members.values():
            _check(member, archive=archive)

    @override
    def files(self) -> Iterator[StoredFile]:
        for name, member in self._members.items():
            yield StoredFile(name, member.file_size)

    @override
    def read(self, path: str) -> bytes:
        """Raises UnsafeArchive when a member is not what the archive declares."""
        member = self._members.get(path)
        if member is None:
            raise FileNotFoundError(f"{self.address} holds no {path}")
        try:
            with self._zip.open(member) as stream:
                data = stream.read(member.file_size + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            EOFError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise UnsafeArchive(f"{path} in {self.address} is damaged: {error}") from error
        if len(data) != member.file_size:
            raise UnsafeArchive(
                f"{path} in {self.address} declares {member.file_size} bytes, holds {len(data)}"
            )
        return data

    def write(self, path: str, data: bytes) -> None:
        """Refused: an archive is a source."""
        raise PermissionError(f"{self.address} is read-only")

    @override
    def location(self, path: str) -> str:
        return f"{self.address}/{path}"


def _check(member: zipfile.ZipInfo, *, archive: Path) -> None:
    """Raise UnsafeArchive for a name that leaves the folder, a link, or a size of a zip bomb."""
    name = member.filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] or "\x00" in name:
        raise UnsafeArchive(f"{archive} holds {name!r}, which points outside of the archive")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise UnsafeArchive(f"{archive} holds {name!r}, which is a link")
    if member.file_size > MAX_FILM_BYTES:
        raise UnsafeArchive(
            f"{archive} holds {name!r} of {member.file_size} bytes; the limit is {MAX_FILM_BYTES}"
        )
    ratio = member.file_size / max(1, member.compress_size)
    if member.file_size > RATIO_FLOOR_BYTES and ratio > MAX_RATIO:
        raise UnsafeArchive(f"{archive} holds {name!r}, packed {ratio:.0f} to 1: a zip bomb")
