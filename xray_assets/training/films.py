"""From the films manifest to arrays in memory: films to learn from, and test films.

Reading, decoding and choosing films; no augmentation and no model here.
"""

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.errors import XrayError
from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.preprocess import MODEL_SIDE
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.storage.opening import read_film
from xray_assets.training.request import FILM_COLUMNS, WEIGHT
from xray_assets.training.weighted import drawn_by_weight

SPLITS = ("train", "val", "test")


class FilmsError(XrayError):
    """The manifest cannot be trained from; the message says why."""


@dataclass(frozen=True, eq=False)
class Films:
    """Images (N, 64, 64) float32 in [0, 1]; labels (N,) float32, 0 or 1; patients (N,) of any type;
    weights (N,) of those that are to be learned from unequally, else None.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.float32]
    patients: NDArray[Any]
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        """Number of films."""
        return len(self.labels)

    def drawn(self) -> NDArray[np.intp]:
        """As many indices, each film as often as it weighs; each once where they weigh alike."""
        if self.weights is None:
            return np.arange(len(self))
        return drawn_by_weight(self.weights, len(self))

    def where(self, chosen: NDArray[np.bool_]) -> "Films":
        """Some of the films."""
        weights = None if self.weights is None else self.weights[chosen]
        return Films(self.images[chosen], self.labels[chosen], self.patients[chosen], weights)


@dataclass(frozen=True, eq=False)
class FilmSplits:
    """Films of the splits train and val, which are learned from alike (`cross_fitting`); test
    films; films by split; and a digest of which films they are.
    """

    learned: Films
    test: Films
    counts: Mapping[str, int]
    manifest_sha256: str


def load_splits(manifest: str, *, seed: int, limit: int | None, threads: int) -> FilmSplits:
    """Read the manifest (parquet, FILM_COLUMNS and maybe WEIGHT) and decode its films in parallel
    threads.

    `limit` bounds what is learned from. Raises FilmsError when a column or a class of a split is
    missing, a patient is in two splits, or a film cannot be read.
    """
    table = _checked(pl.read_parquet(manifest)).sort("image_id")
    tables = [table.filter(pl.col("dataset_split") == split) for split in SPLITS]
    for split, rows in zip(SPLITS, tables, strict=True):
        if set(rows["label"]) != {0, 1}:
            raise FilmsError(
                f"the {split} split needs films of both classes, it has {len(rows)} films with "
                f"labels {sorted(set(rows['label']))}: ingest more images or change the split"
            )
    learned = limited(pl.concat(tables[:2]), limit=limit, seed=seed).sort("image_id")
    tables = [learned, tables[2]]
    paths = [path for rows in tables for path in rows["file_path"]]
    images = np.empty((len(paths), MODEL_SIDE, MODEL_SIDE), np.float32)
    with ThreadPoolExecutor(threads) as pool:  # decoding releases the GIL
        for i, image in enumerate(pool.map(_film, paths)):
            images[i] = image
    to_learn_from, test = (
        Films(
            part,
            rows["label"].to_numpy().astype(np.float32),
            rows["patient_id"].to_numpy(),
            _weights(rows),
        )
        for part, rows in zip(np.split(images, [len(learned)]), tables, strict=True)
    )
    together = pl.concat(tables)
    counts = {split: int((together["dataset_split"] == split).sum()) for split in SPLITS}
    chosen = together.select(pl.concat_str("dataset_split", "image_id", separator="|"))
    identity = "\n".join(chosen.to_series())
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return FilmSplits(to_learn_from, test, counts, digest)


def _weights(films: pl.DataFrame) -> NDArray[np.float64] | None:
    if WEIGHT not in films.columns or films[WEIGHT].n_unique() < 2:
        return None
    return films[WEIGHT].to_numpy()


def limited(films: pl.DataFrame, *, limit: int | None, seed: int) -> pl.DataFrame:
    """The first `limit` films by hash rank, half of each class; all of them for None.

    The rank depends on seed and image_id only: more films later never reorder those of before.
    """
    if limit is None or limit >= len(films):
        return films
    rank = [_rank(image_id, seed) for image_id in films["image_id"]]
    ranked = films.with_columns(pl.Series("rank", rank)).sort("rank")
    halves = {1: limit // 2, 0: limit - limit // 2}
    chosen = [ranked.filter(pl.col("label") == label).head(n) for label, n in halves.items()]
    return pl.concat(chosen).drop("rank").sort("image_id")


def _rank(image_id: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{image_id}".encode()).hexdigest()


def _checked(table: pl.DataFrame) -> pl.DataFrame:
    if missing := set(FILM_COLUMNS) - set(table.columns):
        raise FilmsError(f"the films manifest lacks the columns {sorted(missing)}")
    if unknown := set(table["dataset_split"]) - set(SPLITS):
        raise FilmsError(f"the films manifest has unknown splits {sorted(map(str, unknown))}")
    places = table.group_by("patient_id").agg(pl.col("dataset_split").n_unique().alias("splits"))
    if shared := places.filter(pl.col("splits") > 1).height:
        raise FilmsError(f"{shared} patients have films in more than one split: curate again")
    return table


def _film(path: str) -> NDArray[np.float32]:
    try:
        return stored_model_input(read_film(path))
    except (OSError, InvalidImage) as error:
        raise FilmsError(f"film {path} cannot be read ({error}): curate again") from error


def class_counts(labels: Sequence[float] | NDArray[np.float32]) -> tuple[int, int]:
    """(normal, pneumonia) films."""
    positive = int(np.sum(np.asarray(labels) == 1))
    return len(labels) - positive, positive
