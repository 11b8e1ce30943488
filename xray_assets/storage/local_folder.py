"""A folder of films on a local disk."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from typing_extensions import override

from xray_assets.errors import XrayError
from xray_assets.storage.atomic import replace_file
from xray_assets.storage.film_folder import FilmFolder, StoredFile


class LinkLoop(XrayError, OSError):
    """A link leads back to a folder that it lies in."""


class LocalFolder(FilmFolder):
    """Files below a directory. Names that start with a dot are not films and are not listed."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.address = str(self._root)

    @override
    def files(self) -> Iterator[StoredFile]:
        """Links are followed; raises LinkLoop for one that leads back."""
        if self._root.is_dir():
            yield from self._below(str(self._root), "", frozenset())

    def _below(
        self, directory: str, prefix: str, above: frozenset[tuple[int, int]]
    ) -> Iterator[StoredFile]:
        status = Path(directory).stat()
        here = (status.st_dev, status.st_ino)
        if here in above:
            raise LinkLoop(
                f"{directory} is a link to a folder that it lies in: remove it, and start again"
            )
        with os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=True):
                    yield from self._below(entry.path, f"{prefix}{entry.name}/", above | {here})
                elif entry.is_file():
                    yield StoredFile(prefix + entry.name, entry.stat().st_size)

    @override
    def read(self, path: str) -> bytes:
        return (self._root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """See FilmFolder.

        No fsync: a power cut can leave a file of another size, which the next ingest sees and
        copies again; it costs a disk flush a film otherwise.
        """
        target = self._root / path
        try:
            replace_file(target, data, durable=False)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, data, durable=False)

    @override
    def remove(self, path: str) -> bool:
        try:
            (self._root / path).unlink()
        except FileNotFoundError:
            return False
        return True

    @override
    def location(self, path: str) -> str:
        return f"{self.address}/{path}"

    @override
    def free_bytes(self) -> int | None:
        existing = self._root
        while not existing.exists():
            existing = existing.parent
        return shutil.disk_usage(existing).free
