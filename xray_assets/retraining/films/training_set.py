"""Which films a model is trained on. Pure: the data set's films and countable truths in, a set out.

cumulative: every film of the data set and every truth. 70/30: as many films of the data set as
there are for 30 % of the set, drawn by hash rank within each class, so that the same films are
drawn whenever the set is made again. Measured: 70/30 throws old films away where new ones are few.
"""

import hashlib

import polars as pl

from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.retraining.films.splits import place, with_splits
from xray_assets.retraining.films.truths import with_weights

CUMULATIVE, MIX = "cumulative", "70/30"
NEW_SHARE = 0.7
FEW_FOR_A_MIX = 500
"""Below so many new truths 70/30 is warned about."""

FILM = (
    "image_id",
    "source",
    "file_path",
    "pixel_sha256",
    "label",
    "truth_source",
    "n_readers",
    "chance",
    "weight",
    "site",
    "scored_at",
    "patient_key",
    "dataset_split",
)
"""Columns of a film of either source, as gold and silver keep them; without those of the set."""


def of_dataset(metadata: pl.DataFrame) -> pl.DataFrame:
    """FILM of rows of silver.xray_metadata that have a `patient_key`: weight 1, no read."""
    return metadata.select(
        "image_id",
        pl.lit("dataset").alias("source"),
        "file_path",
        "pixel_sha256",
        "label",
        pl.lit("dataset").alias("truth_source"),
        pl.lit(None, pl.Int64).alias("n_readers"),
        pl.lit(None, pl.Float64).alias("chance"),
        pl.lit(1.0).alias("weight"),
        pl.lit(None, pl.String).alias("site"),
        pl.lit(None, TIMESTAMP).alias("scored_at"),
        "patient_key",
        "dataset_split",
    )


def of_production(
    truths: pl.DataFrame, dataset: pl.DataFrame, places: dict[str, str], *, floor: float
) -> pl.DataFrame:
    """FILM of countable truths whose film lies in the volume, with their patients' splits.

    dataset: FILM of the data set. places: file path by pixel digest; a truth without one is left
    out, and so is a film that the data set holds already.
    """
    held = dict(dataset.select("patient_key", "dataset_split").iter_rows())
    path = pl.col("image_sha256").replace_strict(places, default=None, return_dtype=pl.String)
    stored = truths.filter(pl.col("image_sha256").is_in(list(places)))
    kept = with_weights(stored, floor=floor).select(
        image_id="image_sha256",
        source=pl.lit("production"),
        file_path=path,
        pixel_sha256="image_sha256",
        label="label",
        truth_source="truth_source",
        n_readers="n_readers",
        chance="chance",
        weight="weight",
        site="site",
        scored_at="scored_at",
        patient_key="case_key",
    )  # fmt: skip
    new = kept.join(dataset, on="pixel_sha256", how="anti")
    return with_splits(new, held).select(FILM)


def training_set(dataset: pl.DataFrame, production: pl.DataFrame, mix: str) -> pl.DataFrame:
    """FILM of train and val films, sorted: test films are in no set, whatever the mix."""
    old, new = (films.filter(pl.col("dataset_split") != "test") for films in (dataset, production))
    if mix == MIX:
        old = _thirty(old, new.height)
    return pl.concat([old, new]).sort("image_id")


def digest(films: pl.DataFrame) -> str:
    """SHA-256 of which films a set holds, with their truths, weights and splits."""
    told = films.select("image_id", "label", "weight", "dataset_split").sort("image_id")
    lines = "\n".join(
        f"{image}|{label}|{weight:.12g}|{split}" for image, label, weight, split in told.iter_rows()
    )
    return hashlib.sha256(lines.encode()).hexdigest()


def _thirty(old: pl.DataFrame, new: int) -> pl.DataFrame:
    """So many old films that they are 30 % of the set, each class as often as before."""
    share = min(1.0, new / NEW_SHARE * (1 - NEW_SHARE) / max(old.height, 1))
    ranks = [place("retraining mix", image_id) for image_id in old["image_id"]]
    ranked = old.with_columns(rank=pl.Series(ranks, dtype=pl.Float64))
    by_class = pl.col("rank").rank("ordinal").over("label", "dataset_split")
    size = pl.len().over("label", "dataset_split")
    return ranked.filter(by_class <= (share * size).ceil()).drop("rank")


def sides_shared(films: pl.DataFrame, held_out: pl.DataFrame) -> dict[str, int]:
    """What a set and its judges must not share, by column; 0 is right.

    films: FILM of the set. held_out: patient_key, pixel_sha256 of test and golden films. Also
    counted: patients in train and val both.
    """
    both = films.group_by("patient_key").agg(pl.col("dataset_split").n_unique().alias("sides"))
    return {
        "patients_on_two_sides": both.filter(pl.col("sides") > 1).height,
        **{
            f"{column}_held_out": films.select(column)
            .unique()
            .join(held_out.select(column).unique(), on=column)
            .height
            for column in ("patient_key", "pixel_sha256")
        },
    }
