"""Bronze and silver: films as they came, and as they are used."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import LABELS
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import SPLITS, count, label, share, text, time

_IMAGE_ID = text("image_id", "Hash of the source-relative path without extension", nullable=False)

KAGGLE_XRAY_METADATA = Contract(
    catalog.KAGGLE_XRAY_METADATA,
    "One row an ingested film, as the source describes it. Rows are added by MERGE on image_id and never change.",
    (
        _IMAGE_ID,
        text(
            "filename",
            "File name in the source; it carries the label, so it never reaches a reader",
            nullable=False,
        ),
        text("category", "Class folder", nullable=False, allowed=LABELS),
        text(
            "dataset_split",
            "The source's own split; silver draws its own",
            nullable=False,
            allowed=SPLITS,
        ),
        text("file_path", "Where the film lies in the image volume", nullable=False),
        count("file_size_bytes", "Size of the file", nullable=False),
        time("ingested_at", "When the film was ingested", nullable=False),
        text("ingestion_batch_id", "The ingest that brought it", nullable=False),
        text("sha256", "SHA-256 of the file's bytes", nullable=False),
    ),
    unique=("image_id",),
)

XRAY_METADATA = Contract(
    catalog.XRAY_METADATA,
    "One row a usable film: decoded, validated, unique, assigned to a patient and to one patient-disjoint split.",
    (
        _IMAGE_ID,
        label("label", "0 normal, 1 pneumonia", nullable=False),
        text("label_name", "Class name", nullable=False, allowed=LABELS),
        text(
            "dataset_split", "Split by a stable hash of the patient", nullable=False, allowed=SPLITS
        ),
        text("file_path", "Where the film lies in the image volume", nullable=False),
        Column("image_width", pl.Int32, "Width in pixels", nullable=False, minimum=1),
        Column("image_height", pl.Int32, "Height in pixels", nullable=False, minimum=1),
        share("quality_score", "Technical quality, 0 to 1", nullable=False),
        time("processed_at", "When the film was curated", nullable=False),
        text("source_batch_id", "The ingest that brought it", nullable=False),
        text("patient_id", "Patient, from the file name, else the digest", nullable=False),
        text(
            "patient_id_source",
            "Where the patient id comes from",
            nullable=False,
            allowed=("filename", "digest"),
        ),
        text("subtype", "Kind of pneumonia where the name tells", allowed=("bacteria", "virus")),
        text("sha256", "SHA-256 of the file's bytes", nullable=False),
        text("pixel_sha256", "SHA-256 of the decoded pixels", nullable=False),
    ),
    unique=("image_id",),
)

XRAY_REJECTS = Contract(
    catalog.XRAY_REJECTS,
    "One row a film that curation refused, with the reason.",
    (
        _IMAGE_ID,
        text("file_path", "Where the film lies in the image volume", nullable=False),
        text("reason", "Why it was refused, a sentence", nullable=False),
        time("rejected_at", "When it was refused", nullable=False),
        text("source_batch_id", "The ingest that brought it", nullable=False),
        text("reason_code", "Why, a code; null in rows of 0.1.0, as the next two"),
        text("filename", "The film's file name in the source"),
        text("category", "Its class folder in the source"),
    ),
    unique=("image_id",),
    version=2,
)
