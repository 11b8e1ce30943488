"""What a folder's paths say about its films, and which of them are taken.

The layout is Kaggle's, `chest_xray/{train,test,val}/{NORMAL,PNEUMONIA}/<film>`, or any folder of
it: a film keeps its id whether the source is `chest_xray`, `chest_xray/train` or a copy of it in
a bucket. Not here: reading a film.
"""

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from pathlib import PurePosixPath

from xray_assets.catalog import LABELS
from xray_assets.storage.film_folder import StoredFile

SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".dcm", ".dicom"})
SPLITS = ("train", "test", "val")
SPLIT_OF_UNSPLIT = "train"
"""The source's split of a film that lies in no split folder; silver draws its own anyway."""


@dataclass(frozen=True, slots=True)
class SourceFilm:
    """One film as its source describes it; `path` is below the source's folder."""

    image_id: str
    path: str
    category: str
    dataset_split: str
    size: int

    @property
    def filename(self) -> str:
        """The film's file name in the source."""
        return self.path.rpartition("/")[2]

    @property
    def volume_path(self) -> str:
        """Where the film goes in the image volume: `<class>/<image id><suffix>`."""
        suffix = PurePosixPath(self.path).suffix.lower()
        return f"{self.category.lower()}/{self.image_id}{suffix}"


def films_in(files: Iterable[StoredFile], *, address: str) -> list[SourceFilm]:
    """The films among `files` of a folder at `address`, one an id, in the order of their paths.

    Left out: files that are no image by their suffix, that lie in no class folder, or that some
    system put beside the films (__MACOSX, dot files). A film that an archive holds twice (Kaggle's
    does, in chest_xray/chest_xray) and one name with two suffixes count once.
    """
    root = PurePosixPath(address.replace("\\", "/").removeprefix("s3:/")).parts
    found: dict[str, SourceFilm] = {}
    for file in sorted(files, key=lambda file: file.path):
        film = _film(file, root)
        if film is not None:
            found.setdefault(film.image_id, film)
    return list(found.values())


def chosen(
    films: Iterable[SourceFilm], *, limit: int | None, seed: int, ingested: Set[str]
) -> list[SourceFilm]:
    """The films to hold: half of `limit` of each class, all of them for None.

    Films that are already ingested stay; the rest are the first by the rank of a seeded hash of
    their ids, so a larger limit adds films and drops none, and directory order plays no part. A
    class with fewer films gives all it has; the other class is not widened for it.
    """
    by_class: dict[str, list[SourceFilm]] = {label: [] for label in LABELS}
    for film in films:
        by_class[film.category].append(film)
    if limit is None:
        return [film for group in by_class.values() for film in group]
    picked = []
    for place, group in enumerate(by_class.values()):
        wanted = limit // 2 + (limit % 2 if place == 0 else 0)
        held = [film for film in group if film.image_id in ingested]
        new = [film for film in group if film.image_id not in ingested]
        new.sort(key=lambda film: _rank(film.image_id, seed))
        picked += held + new[: max(0, wanted - len(held))]
    return picked


def image_id(canonical_path: str) -> str:
    """Stable id: SHA-256 of the path from the split folder on, without extension; 32 hex digits."""
    return hashlib.sha256(canonical_path.encode()).hexdigest()[:32]


def _film(file: StoredFile, root: tuple[str, ...]) -> SourceFilm | None:
    below = PurePosixPath(file.path)
    if below.suffix.lower() not in SUFFIXES or "__MACOSX" in below.parts:
        return None
    if any(part.startswith(".") for part in below.parts):
        return None
    parts = (*root, *below.parts)
    folders = [place for place, part in enumerate(parts[:-1]) if part.upper() in LABELS]
    if not folders:
        return None
    class_place = folders[-1]
    split = parts[class_place - 1].lower() if class_place else ""
    canonical = [parts[class_place].upper(), *parts[class_place + 1 : -1], below.stem]
    if split in SPLITS:
        canonical.insert(0, split)
    return SourceFilm(
        image_id=image_id("/".join(canonical)),
        path=file.path,
        category=parts[class_place].upper(),
        dataset_split=split if split in SPLITS else SPLIT_OF_UNSPLIT,
        size=file.size,
    )


def _rank(film_id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{film_id}".encode()).hexdigest()
