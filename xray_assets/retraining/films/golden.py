"""The golden versions: films that judge candidates and train none. Pure.

One film a patient, so that films are independent. Version 1 is half of the data set's test
patients, by hash; the other half is the test set, reported once. A version that has judged
ENOUGH_CANDIDATES is followed by a new one, of test patients who are in none: of production, and of
the other half.
"""

import polars as pl

from xray_assets.retraining.films.splits import place

ENOUGH_CANDIDATES = 10
LEAST_OF_A_CLASS = 20
"""A later version waits until it has so many of each class."""

GOLDEN = (
    "image_id",
    "source",
    "file_path",
    "pixel_sha256",
    "label",
    "site",
    "subtype",
    "patient_key",
)


def first_version(dataset: pl.DataFrame) -> pl.DataFrame:
    """GOLDEN films of version 1.

    dataset: rows of silver.xray_metadata with `patient_key`.
    """
    half = dataset.filter(dataset_split="test")
    drawn = [place("golden", key) < 0.5 for key in half["patient_key"]]
    return one_a_patient(_golden(half.filter(pl.Series(drawn, dtype=pl.Boolean))))


def next_version(
    dataset: pl.DataFrame, production: pl.DataFrame, golden: pl.DataFrame
) -> pl.DataFrame:
    """GOLDEN films of the version after those in `golden`: no row where there are too few.

    production: films of production with a split (`training_set.FILM`).
    """
    of_data = _golden(dataset.filter(dataset_split="test"))
    of_production = production.filter(dataset_split="test").select(
        *("image_id", "source", "file_path", "pixel_sha256", "label", "site"),
        pl.lit(None, pl.String).alias("subtype"),
        "patient_key",
    )
    free = pl.concat([of_data, of_production]).join(golden, on="patient_key", how="anti")
    found = one_a_patient(free)
    sizes = [found.filter(label=label).height for label in (0, 1)]
    return found if min(sizes) >= LEAST_OF_A_CLASS else found.clear()


def one_a_patient(films: pl.DataFrame) -> pl.DataFrame:
    """The film of each patient with the lowest hash, sorted by film."""
    ranks = [place("golden film", image_id) for image_id in films["image_id"]]
    return (
        films.with_columns(rank=pl.Series(ranks, dtype=pl.Float64))
        .sort("rank")
        .unique("patient_key", keep="first", maintain_order=True)
        .drop("rank")
        .sort("image_id")
    )


def _golden(metadata: pl.DataFrame) -> pl.DataFrame:
    return metadata.select(
        "image_id",
        pl.lit("dataset").alias("source"),
        *("file_path", "pixel_sha256", "label"),
        pl.lit(None, pl.String).alias("site"),
        *("subtype", "patient_key"),
    )
