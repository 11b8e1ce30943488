"""The volume's own record of what was ingested: the hand-over from the films to their table.

One JSON line a film, in files that are written whole and never changed, below `_manifest/` in the
volume. A film counts as ingested when its line is there and its file has the size the line says.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.storage.film_folder import FilmFolder

MANIFEST = "_manifest"
_ORIGIN = f"{MANIFEST}/origin.json"


class MixedSources(XrayError):
    """The volume holds films of another kind of source; the two must not be mixed."""


@dataclass(frozen=True, slots=True)
class IngestedFilm:
    """One line: the film as its source described it, and the bytes that arrived."""

    image_id: str
    filename: str
    category: str
    dataset_split: str
    volume_path: str
    file_size_bytes: int
    ingested_at: str
    ingestion_batch_id: str
    sha256: str


@dataclass(frozen=True)
class VolumeContent:
    """What a volume holds: each film's line, and the lines whose file is there and whole."""

    recorded: dict[str, IngestedFilm]
    intact: dict[str, IngestedFilm]


def read_volume(volume: FilmFolder) -> VolumeContent:
    """The volume's manifest against its files. The first line of a film counts."""
    sizes = {file.path: file.size for file in volume.files()}
    recorded: dict[str, IngestedFilm] = {}
    parts = (path for path in sizes if path.startswith(f"{MANIFEST}/") and path.endswith(".jsonl"))
    for part in sorted(parts):
        for line in volume.read(part).decode().splitlines():
            film = IngestedFilm(**json.loads(line))
            recorded.setdefault(film.image_id, film)
    intact = {
        image_id: film
        for image_id, film in recorded.items()
        if sizes.get(film.volume_path) == film.file_size_bytes
    }
    return VolumeContent(recorded, intact)


def write_part(volume: FilmFolder, name: str, films: Iterable[IngestedFilm]) -> None:
    """Record films under a name that no other part has."""
    lines = "".join(json.dumps(asdict(film)) + "\n" for film in films)
    volume.write(f"{MANIFEST}/{name}.jsonl", lines.encode())


def claim(volume: FilmFolder, *, origin: str, synthetic: bool) -> None:
    """Bind the volume to real or to one kind of synthetic films at its first ingest.

    Raises MixedSources when the volume is bound otherwise: a model trained on phantoms and films
    alike, or on two phantoms of one name, would be wrong without a trace.
    """
    mine = {"synthetic": synthetic, "origin": origin if synthetic else "films"}
    bound = origin_of(volume)
    if bound is None:
        volume.write(_ORIGIN, json.dumps(mine).encode())
    elif bound != mine:
        raise MixedSources(
            f"{volume.address} holds {bound['origin']}, the source gives {mine['origin']}: they "
            "are not mixed. Use another state folder (XRAY_STATE=...), or remove this one"
        )


def origin_of(volume: FilmFolder) -> dict[str, Any] | None:
    """What the volume is bound to ({"synthetic", "origin"}); None before the first ingest."""
    try:
        return json.loads(volume.read(_ORIGIN))
    except FileNotFoundError:
        return None
