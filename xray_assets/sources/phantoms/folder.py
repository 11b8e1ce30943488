"""A folder of synthetic thorax phantoms in the layout of the public data set.

Here: which patients and films exist, their names and their files. Drawing is in `phantom_anatomy`
and `phantom_film`, the ranges of patients in `phantom_patient`. Phantoms stand in for real films
where there are none; they are labelled synthetic in the file name, in the JPEG comment, in the
corner of the picture and beside the folder.

How hard they are is set by the ranges in those modules, and measured by
`benchmarks/calibrate_phantoms.py`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from xray_assets.catalog import LABELS
from xray_assets.errors import XrayError
from xray_assets.sources.phantoms.film import SYNTHETIC_NOTE, expose
from xray_assets.sources.phantoms.patient import draw_pneumonia, draw_thorax
from xray_assets.storage.atomic import ORDINARY, replace_file

LAYOUT_ROOT = "chest_xray"
MANIFEST_NAME = "SYNTHETIC_PHANTOMS.json"
PHANTOM_VERSION = 2

_SPLITS = ("train", "test", "val")
_SPLIT_SHARES = (0.7, 0.2, 0.1)
_FILMS_A_PATIENT = (1, 2, 3, 4)
_FILMS_SHARES = (0.76, 0.16, 0.05, 0.03)  # 1.35 films a patient
_PLAN_STREAM, _ANATOMY_STREAM, _FILM_STREAM = 0, 1, 2


@dataclass(frozen=True, slots=True)
class PhantomFilm:
    """One film to draw: `path` is relative to the folder."""

    patient: int
    film: int
    category: str
    path: Path


def write_phantoms(
    folder: Path,
    *,
    count: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write `count` films, half of each class, under folder/chest_xray/{split}/{category}/.

    The same seed gives byte-identical files; a larger count adds films and changes none. Films that
    are there are left alone, and a file appears whole or not at all, so a killed run is finished by
    the next. `progress(done, total)` is called after every film. Raises XrayError for a count that
    is odd or below 2, a negative seed, or a folder that holds phantoms of another seed or version.
    """
    if count < 2 or count % 2:
        raise XrayError(f"count must be an even number of films, at least 2, got {count}")
    if seed < 0:
        raise XrayError(f"seed must not be negative, got {seed}")
    _claim(folder, seed)
    for done, film in enumerate(planned_films(count=count, seed=seed), start=1):
        target = folder / film.path
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            replace_file(target, draw_film(film, seed=seed), mode=ORDINARY, durable=False)
        if progress is not None:
            progress(done, count)


def planned_films(*, count: int, seed: int) -> Iterator[PhantomFilm]:
    """The first `count` films of `seed`, half of each class, patient by patient."""
    missing = dict.fromkeys(LABELS, count // 2)
    patient = 0
    while any(missing.values()):
        pair = np.random.default_rng([seed, _PLAN_STREAM, patient])
        first_is_normal = bool(pair.random() < 0.5)
        for offset in (0, 1):
            category = LABELS[int(first_is_normal == bool(offset))]
            split = str(pair.choice(_SPLITS, p=_SPLIT_SHARES))
            films = min(int(pair.choice(_FILMS_A_PATIENT, p=_FILMS_SHARES)), missing[category])
            missing[category] -= films
            number = patient + offset + 1
            for film in range(1, films + 1):
                name = f"phantom-{number:04d}-{film:02d}.jpeg"
                path = Path(LAYOUT_ROOT, split, category, name)
                yield PhantomFilm(patient=number, film=film, category=category, path=path)
        patient += 2


def draw_film(film: PhantomFilm, *, seed: int) -> bytes:
    """The JPEG bytes of one planned film: the patient's anatomy in an exposure of its own."""
    patient = np.random.default_rng([seed, _ANATOMY_STREAM, film.patient])
    thorax = draw_thorax(patient)
    pneumonia = draw_pneumonia(patient, thorax) if film.category == "PNEUMONIA" else None
    exposure = np.random.default_rng([seed, _FILM_STREAM, film.patient, film.film])
    return expose(thorax, pneumonia, exposure)


def _claim(folder: Path, seed: int) -> None:
    """Say beside the films what they are, and refuse to mix two seeds or versions in a folder."""
    manifest = folder / LAYOUT_ROOT / MANIFEST_NAME
    mine = {"note": SYNTHETIC_NOTE, "seed": seed, "phantom_version": PHANTOM_VERSION}
    if manifest.exists():
        found = json.loads(manifest.read_text())
        if found != mine:
            raise XrayError(
                f"{folder} holds phantoms of seed {found.get('seed')}, version "
                f"{found.get('phantom_version')}; asked for seed {seed}, version "
                f"{PHANTOM_VERSION}: use another folder or delete this one"
            )
        return
    manifest.parent.mkdir(parents=True, exist_ok=True)
    replace_file(manifest, json.dumps(mine, indent=2) + "\n", mode=ORDINARY)
