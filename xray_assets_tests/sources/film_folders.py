"""Folders of films in memory, for tests of what is done with them."""

from collections.abc import Iterator

from xray_assets.sources.source_films import SourceFilm, films_in
from xray_assets.storage.film_folder import FilmFolder, StoredFile


class MemoryFolder(FilmFolder):
    """A folder in memory that can fail on demand and counts its reads and writes."""

    def __init__(self, files: dict[str, bytes] | None = None, *, free: int | None = None) -> None:
        self.address = "/memory"
        self.stored = dict(files or {})
        self.broken: set[str] = set()
        self.reads: list[str] = []
        self.writes: list[str] = []
        self.free = free

    def files(self) -> Iterator[StoredFile]:
        return iter([StoredFile(path, len(data)) for path, data in self.stored.items()])

    def read(self, path: str) -> bytes:
        if path in self.broken:
            raise OSError("the line is cut")
        if path not in self.stored:
            raise FileNotFoundError(path)
        self.reads.append(path)
        return self.stored[path]

    def write(self, path: str, data: bytes) -> None:
        self.writes.append(path)
        self.stored[path] = data

    def location(self, path: str) -> str:
        return f"{self.address}/{path}"

    def free_bytes(self) -> int | None:
        return self.free


def source_of(count: int) -> tuple[MemoryFolder, list[SourceFilm]]:
    """A source of `count` films, and how they are listed."""
    folder = MemoryFolder({f"train/NORMAL/n{n}.jpeg": b"film %d" % n for n in range(count)})
    return folder, films_in(folder.files(), address=folder.address)
