"""What two splits must never share."""

import polars as pl

MUST_NOT_CROSS = ("patient_id", "sha256", "pixel_sha256")


def leaks(metadata: pl.DataFrame) -> dict[str, int]:
    """How many patients, files and pictures lie in more than one split, by column; 0 is right."""
    return {
        column: metadata.group_by(column)
        .agg(pl.col("dataset_split").n_unique().alias("splits"))
        .filter(pl.col("splits") > 1)
        .height
        for column in MUST_NOT_CROSS
    }
