"""Which films a run is to score: those of a folder, or those that a table names. Listed page by
page, never as a whole. Nothing is read or decoded here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from posixpath import splitext
from typing import NamedTuple

import polars as pl
from typing_extensions import override

from xray_assets.sources.source_films import SUFFIXES
from xray_assets.storage.film_folder import FilmFolder

PAGE = 4096
"""Films listed at a time."""

PATH_COLUMN, ID_COLUMN = "file_path", "image_id"


class ListedFilm(NamedTuple):
    """One film to score: where it lies, and its id where a table gave one."""

    file_path: str
    image_id: str | None


class FilmList(ABC):
    """The films of a run, in pages. `address` is the folder that workers read them from."""

    address: str

    @abstractmethod
    def pages(self) -> Iterator[list[ListedFilm]]:
        """All films, at most PAGE at a time."""

    @abstractmethod
    def count(self) -> int:
        """How many films there are, for a progress bar; 0 where counting is too much work."""


@dataclass
class FolderFilms(FilmList):
    """Every film below a folder. `left_out` counts files that are no films by their name."""

    folder: FilmFolder
    left_out: int = 0

    def __post_init__(self) -> None:
        """The folder's address is where films are read."""
        self.address = self.folder.address

    @override
    def pages(self) -> Iterator[list[ListedFilm]]:
        self.left_out = 0
        films = self._films()
        while page := list(islice(films, PAGE)):
            yield page

    @override
    def count(self) -> int:
        """A bucket is not listed twice."""
        if self.address.startswith("s3://"):
            return 0
        return sum(named_like_a_film(file.path) for file in self.folder.files())

    def _films(self) -> Iterator[ListedFilm]:
        for file in self.folder.files():
            if named_like_a_film(file.path):
                yield ListedFilm(self.folder.location(file.path), None)
            else:
                self.left_out += 1


@dataclass
class TableFilms(FilmList):
    """The films that a table names in its column file_path; `address` is the image volume."""

    table: pl.LazyFrame
    address: str

    @override
    def pages(self) -> Iterator[list[ListedFilm]]:
        """Rows without a path are no films."""
        names = self.table.collect_schema().names()
        identity = pl.col(ID_COLUMN) if ID_COLUMN in names else pl.lit(None, pl.String)
        wanted = self.table.select(PATH_COLUMN, identity.alias(ID_COLUMN)).drop_nulls(PATH_COLUMN)
        for rows in wanted.collect_batches(chunk_size=PAGE):
            yield [ListedFilm(*row) for row in rows.iter_rows()]

    @override
    def count(self) -> int:
        return self.table.select(pl.col(PATH_COLUMN).count()).collect().item()


def named_like_a_film(path: str) -> bool:
    """True for JPEG, PNG and DICOM suffixes, and for names without one, as DICOM archives have.

    `1.2.840.113619.2.55` is such a name: DICOM's identifiers are numbers and points.
    """
    suffix = splitext(path)[1].lower()  # pathlib takes ten times as long, for every file
    return suffix in SUFFIXES or suffix == "" or suffix[1:].isdigit()
