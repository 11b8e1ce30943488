"""From the volume's manifest to rows of bronze.kaggle_xray_metadata."""

import polars as pl

from xray_assets.catalog import KAGGLE_XRAY_METADATA
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.sources.manifest import VolumeContent
from xray_assets.storage.film_folder import FilmFolder


def new_rows(content: VolumeContent, table: pl.LazyFrame, volume: FilmFolder) -> pl.DataFrame:
    """Rows of the films that are whole in the volume and not in the table yet, by image id."""
    known = set(table.select("image_id").collect()["image_id"])
    rows = [
        {
            "image_id": film.image_id,
            "filename": film.filename,
            "category": film.category,
            "dataset_split": film.dataset_split,
            "file_path": volume.location(film.volume_path),
            "file_size_bytes": film.file_size_bytes,
            "ingested_at": film.ingested_at,
            "ingestion_batch_id": film.ingestion_batch_id,
            "sha256": film.sha256,
        }
        for image_id, film in sorted(content.intact.items())
        if image_id not in known
    ]
    schema = CONTRACTS[KAGGLE_XRAY_METADATA].schema
    frame = pl.DataFrame(rows, schema=schema | {"ingested_at": pl.String})
    return frame.with_columns(
        pl.col("ingested_at").str.to_datetime(time_unit="us", time_zone="UTC")
    )
