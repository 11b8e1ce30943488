"""Films of the pool: which there are, their jittered variants, and each of them gone wrong.

`KINDS` are the corruptions of `imaging/corruptions.py` at their own strengths, two of them also in
steps (for changes that come slowly), and the films of a site that nobody has seen.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

from xray_assets.catalog import FEATURES, LABELS
from xray_assets.curation.patients import patient_of
from xray_assets.curation.splits import split_of
from xray_assets.imaging.corruptions import CORRUPTIONS, corrupted
from xray_assets.imaging.decode import decode
from xray_assets.imaging.film_features import film_features
from xray_assets.imaging.pixels import GreyPixels
from xray_assets.imaging.preprocess import model_input
from xray_assets.sources.phantoms.folder import write_phantoms

REAL_FILMS = Path("../shared/xray_sample")
PHANTOMS = 1000
VARIANTS = 4
SHARES = {"train": 0.32, "val": 0.08, "test": 0.60}
"""Of patients. The networks see the first two; the third is the pool, which no network saw."""

GAINS = (1.02, 1.04, 1.06, 1.08)
BLURS = (0.4, 0.8, 1.2)
STEPS = {f"gain_{g}": ("gain", g) for g in GAINS} | {f"blur_{b}": ("blur", b) for b in BLURS}
KINDS = ("none", *CORRUPTIONS, *STEPS, "new_site")


def folder_of_films(cache: Path) -> tuple[Path, str]:
    """(folder in the Kaggle layout, what it holds): the real sample, or phantoms below `cache`."""
    if REAL_FILMS.is_dir():
        return REAL_FILMS, "real films"
    folder = cache / "phantoms"
    write_phantoms(folder, count=PHANTOMS, seed=0)
    return folder, "phantoms (the real sample is absent)"


def manifest(folder: Path, seed: int) -> pl.DataFrame:
    """Films split by patient, as a training reads them; `family` tells squashed squares (1)."""
    rows = []
    for path in sorted(folder.glob("chest_xray/*/*/*.jp*g")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        patient = patient_of(path.name)[0] or digest
        with Image.open(path) as film:
            family = int(film.width == film.height)
        label = LABELS.index(path.parent.name)
        split = split_of(patient, shares=SHARES, seed=seed)
        rows.append((digest, str(path.absolute()), label, split, patient, family))
    columns = ["image_id", "file_path", "label", "dataset_split", "patient_id", "family"]
    return pl.DataFrame(rows, columns, orient="row").unique("image_id").sort("image_id")


def measured(paths: Sequence[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (kinds, films x VARIANTS, 19) and uint8 inputs (kinds, ..., 64, 64) of films."""
    features, inputs = [], []
    for path in paths:
        pixels = decode(Path(path).read_bytes())
        number = int.from_bytes(hashlib.sha256(path.encode()).digest()[:4])
        for variant in range(VARIANTS):
            film = jittered(pixels, np.random.default_rng([seed, number, variant]))
            seen = [of_kind(film, kind, number + variant) for kind in KINDS]
            found = [film_features(one) for one in seen]
            features.append([[one[name] for name in FEATURES] for one in found])
            inputs.append([np.rint(model_input(one) * 255).astype(np.uint8) for one in seen])
    return np.array(features).swapaxes(0, 1), np.array(inputs).swapaxes(0, 1)


def jittered(pixels: GreyPixels, rng: np.random.Generator) -> GreyPixels:
    """The same patient filmed again: turned, zoomed, exposed a little differently, with noise."""
    angle, zoom = np.deg2rad(rng.uniform(-4, 4)), rng.uniform(0.95, 1.05)
    height, width = pixels.shape
    margin = round(0.12 * max(height, width))  # what is turned in is the edge, not black
    padded = Image.fromarray(np.pad(pixels, margin, mode="edge"))
    cosine, sine = np.cos(angle) / zoom, np.sin(angle) / zoom
    x, y = padded.width / 2, padded.height / 2
    turn = (cosine, sine, x - cosine * width / 2 - sine * height / 2,
            -sine, cosine, y + sine * width / 2 - cosine * height / 2)  # fmt: skip
    turned = padded.transform(
        (width, height), Image.Transform.AFFINE, turn, Image.Resampling.BILINEAR
    )
    grey = (np.asarray(turned) / 255) ** rng.uniform(0.92, 1.08) * (255 * rng.uniform(0.96, 1.04))
    return np.clip(np.rint(grey + rng.normal(0, 1.5, grey.shape)), 0, 255).astype(np.uint8)


def of_kind(film: GreyPixels, kind: str, seed: int) -> GreyPixels:
    """A film gone wrong in one of KINDS."""
    if kind == "none":
        return film
    if kind == "new_site":  # another maker: steeper contrast, smoothed
        return corrupted(corrupted(film, "contrast", strength=1.12), "blur", strength=0.7)
    name, strength = STEPS.get(kind, (kind, None))
    return corrupted(film, name, strength=strength, seed=seed)
