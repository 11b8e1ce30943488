"""What a folder of films can do, whatever it is kept on, and how to open one by its address.

Here: the one interface that sources and volumes share. Not here: what the files mean (`sources/`).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a folder: its path below the folder, with slashes, and its size in bytes."""

    path: str
    size: int


class FilmFolder(ABC):
    """Files below one root, addressed by relative paths with slashes."""

    address: str
    """The root as people write it: a path or s3://bucket/prefix."""

    workers: int = 1
    """Transfers at a time that pay off beyond the processor's cores: more where latency rules."""

    @abstractmethod
    def files(self) -> Iterator[StoredFile]:
        """Every file below the root, in no particular order; none when the root does not exist."""

    @abstractmethod
    def read(self, path: str) -> bytes:
        """A file's bytes. Raises FileNotFoundError, or OSError when the storage fails."""

    @abstractmethod
    def write(self, path: str, data: bytes) -> None:
        """Put a file there whole or not at all, also when the process dies midway."""

    def remove(self, path: str) -> bool:
        """Take a file out; True where it was there. Raises OSError where nothing can be."""
        raise OSError(f"{self.address} is only read")

    @abstractmethod
    def location(self, path: str) -> str:
        """Where a file lies, for `read_film` and for people: an absolute path or an s3:// URI."""

    def read_location(self, location: str) -> bytes:
        """The bytes of a file of this folder by what `location` said."""
        return self.read(location.removeprefix(f"{self.address}/"))

    def free_bytes(self) -> int | None:
        """Bytes that still fit; None where that has no limit worth asking about."""
        return None
