"""From the requests of a day to the rows of gold.film_features."""

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from xray_assets.catalog import FILM_FEATURES
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.film_features import UNKNOWN_CONFIG
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.films.measuring import Embeddings, FilmBytes, measure
from xray_assets.monitoring.films.models import LoadModel, Models, models_of

COLUMNS = (
    "request_id",
    "date",
    "site",
    "case_key",
    "log_position",
    "config_version",
    "image_sha256",
)
"""Columns of gold.pneumonia_classifier_predictions that are read."""


@dataclass(frozen=True)
class Store:
    """Where films and models come from, and the threads that decode."""

    image: FilmBytes
    load: LoadModel
    pool: Executor


def rows_of(tables: Tables, requests: pl.DataFrame, store: Store, now: datetime) -> pl.DataFrame:
    """Measure the films of these requests (COLUMNS); a film that several sent, once."""
    models = models_of(tables, requests["config_version"], store.load)
    asked = requests.join(models.artifacts, on="config_version", how="left", maintain_order="left")
    films, embeddings = measure(_wanted(asked), models.classifiers, store.image, store.pool)
    rows = asked.join(films, on="image_sha256", how="left", maintain_order="left").with_columns(
        _embedding(asked, "artifact_sha256", embeddings).alias("embedding"),
        _embedding(asked, "challenger_sha256", embeddings).alias("challenger_embedding"),
        embedding_problem=_embedding_problem(models),
        feature_version=pl.lit(FEATURE_VERSION),
        measured_at=now,
    )
    return CONTRACTS[FILM_FEATURES].conform(rows.drop("config_version", "image_sha256"))


def _wanted(asked: pl.DataFrame) -> dict[str, set[str]]:
    """Digests of artifacts by pixel digest."""
    wanted: dict[str, set[str]] = {}
    columns = asked.select("image_sha256", "artifact_sha256", "challenger_sha256")
    for film, *artifacts in columns.iter_rows():
        wanted.setdefault(film, set()).update(filter(None, artifacts))
    return wanted


def _embedding(asked: pl.DataFrame, artifact: str, embeddings: Embeddings) -> pl.Series:
    pairs = asked.select(artifact, "image_sha256").iter_rows()
    return pl.Series([embeddings.get(pair) for pair in pairs], dtype=pl.List(pl.Float64))


def _embedding_problem(models: Models) -> pl.Expr:
    """Null where the film is the problem."""
    artifact = pl.col("artifact_sha256")
    of_model = artifact.replace_strict(models.problems, default=None, return_dtype=pl.String)
    unknown = pl.when(artifact.is_null()).then(pl.lit(UNKNOWN_CONFIG)).otherwise(of_model)
    return pl.when(pl.col("problem").is_null()).then(unknown)
