"""On which side a patient is, for ever: train, val or test, by the hash of the case key.

Patients of the data set keep the split that curation gave them, which the champion was trained on;
they are known by the same keyed HMAC as patients of production, so that a patient of both is on one
side. Pure.
"""

import hashlib
from collections.abc import Mapping

import polars as pl

SHARES = (("train", 0.7), ("val", 0.1), ("test", 0.2))


def place(purpose: str, key: str) -> float:
    """A number in [0, 1) that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{purpose}:{key}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def split_of(patient_key: str) -> str:
    """The split of a patient of production."""
    drawn, reached = place("retraining split", patient_key), 0.0
    for split, share in SHARES[:-1]:
        reached += share
        if drawn < reached:
            return split
    return SHARES[-1][0]


def with_splits(films: pl.DataFrame, known: Mapping[str, str]) -> pl.DataFrame:
    """Films with `dataset_split` by their `patient_key`; `known`: splits of the data set's
    patients, by the same keys.
    """
    keys = films["patient_key"]
    splits = [known.get(key) or split_of(key) for key in keys]
    return films.with_columns(pl.Series("dataset_split", splits, dtype=pl.String))
