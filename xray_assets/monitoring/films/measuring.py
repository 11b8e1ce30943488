"""From stored films to features and embeddings. No tables: the caller brings the films' digests,
the models, and a way to get a film's bytes.
"""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xray_assets.catalog import FEATURES
from xray_assets.contracts.tables.film_features import ARRAY, FILM_GONE, NOT_DECODED, PIXELS
from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.film_features import film_features
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.scoring.shadow import BATCH
from xray_assets.scoring.stored_film import stored_film

FilmBytes = Callable[[str], bytes | None]
"""The stored film of a pixel digest; None where it is no longer kept."""

Embeddings = Mapping[tuple[str, str], list[float]]
"""By (digest of the artifact, digest of the film's pixels)."""

_FILM = pl.Schema(
    {
        "image_sha256": pl.String,
        "kind": pl.String,
        "problem": pl.String,
        **dict.fromkeys(FEATURES, pl.Float64),
    }
)


@dataclass(frozen=True, slots=True)
class Looked:
    """One film: what a row tells of it, and what a model sees of it."""

    told: dict[str, Any]
    model_input: np.ndarray | None = None


def look(data: bytes | None) -> Looked:
    """Decode a stored film once, and measure it. What is wrong with it is told, never raised."""
    if data is None:
        return Looked({"problem": FILM_GONE})
    try:
        pixels, model_input = stored_film(data)
    except InvalidImage:
        return Looked({"problem": NOT_DECODED})
    if pixels is None:
        return Looked({"kind": ARRAY}, model_input)
    return Looked({"kind": PIXELS, **film_features(pixels)}, model_input)


def measure(
    wanted: Mapping[str, Collection[str]],
    classifiers: Mapping[str, OnnxClassifier],
    image: FilmBytes,
    pool: Executor,
) -> tuple[pl.DataFrame, Embeddings]:
    """Measure each film once, BATCH at a time: `image_sha256`, `kind`, `problem` and the features
    of each; and the embeddings by those of the classifiers that are asked about it.

    wanted: pixel digest -> digests of artifacts. `image` is called in threads of `pool`.
    """
    films: list[dict[str, Any]] = []
    embeddings: dict[tuple[str, str], list[float]] = {}
    digests = list(wanted)
    for start in range(0, len(digests), BATCH):
        batch = digests[start : start + BATCH]
        looked = dict(zip(batch, pool.map(lambda one: look(image(one)), batch), strict=True))
        films += [{"image_sha256": one, **its.told} for one, its in looked.items()]
        for artifact, classifier in classifiers.items():
            inputs = {
                one: its.model_input
                for one, its in looked.items()
                if its.model_input is not None and artifact in wanted[one]
            }
            rows = classifier.embeddings(np.stack(list(inputs.values())))[1] if inputs else None
            if rows is not None:
                keys = ((artifact, one) for one in inputs)
                embeddings |= dict(zip(keys, rows.tolist(), strict=True))
    return pl.DataFrame(films, schema=_FILM), embeddings
