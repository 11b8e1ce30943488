"""Whose films a simulation uses: people of the source whom the state's films do not hold, so that
no model was trained, stopped or judged on them.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import polars as pl

from xray_assets.catalog import LABELS, XRAY_METADATA
from xray_assets.curation.patients import patient_of
from xray_assets.deployments import resources
from xray_assets.errors import XrayError
from xray_assets.imaging.decode import decode
from xray_assets.settings import Settings
from xray_assets.simulation.films import Person, small
from xray_assets.sources.source_films import SourceFilm, chosen, films_in

FILMS = 400
"""Films that traffic is made of, half of each class."""
_FEWEST = 10


class NobodyLeft(XrayError):
    """The source holds too few people whom the state does not know."""


def people(settings: Settings, *, films: int = FILMS) -> list[Person]:
    """People in a seeded order. Raises NobodyLeft, and what opening the source raises."""
    more = settings.model_copy(update={"image_limit": _counted(settings) + 2 * films})
    room = resources(more)
    source = room.source.open()
    known = room.tables.read(XRAY_METADATA).select("image_id", "patient_id").collect()
    found = films_in(source.folder.files(), address=source.folder.address)
    free = _not_of(found, known)
    picked = chosen(free, limit=films, seed=settings.seed, ingested=set())
    with ThreadPoolExecutor(settings.decode_threads) as pool:
        pixels = list(pool.map(lambda film: small(decode(source.folder.read(film.path))), picked))
    by_patient: dict[tuple[str, bool], list[np.ndarray]] = {}
    for film, one in zip(picked, pixels, strict=True):
        key = _patient(film), film.category == LABELS[1]
        by_patient.setdefault(key, []).append(one)
    made = [Person(tuple(own), is_ill) for (_, is_ill), own in sorted(by_patient.items())]
    if min(sum(one.is_ill == is_ill for one in made) for is_ill in (True, False)) < _FEWEST:
        raise NobodyLeft(
            f"the source has under {_FEWEST} people of a class beside the {known.height} films "
            "that the models know: lower XRAY_IMAGE_LIMIT, or name a larger XRAY_SOURCE"
        )
    np.random.default_rng(settings.seed).shuffle(made)  # type: ignore[arg-type]
    return made


def _counted(settings: Settings) -> int:
    return 0 if settings.image_limit == "all" else settings.image_limit


def _not_of(films: list[SourceFilm], known: pl.DataFrame) -> list[SourceFilm]:
    patients, ids = set(known["patient_id"]), set(known["image_id"])
    return [film for film in films if film.image_id not in ids and _patient(film) not in patients]


def _patient(film: SourceFilm) -> str:
    return patient_of(film.filename)[0] or film.image_id
