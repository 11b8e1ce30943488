"""What a champion was trained on, as production's films are measured: to be shown beside a
baseline, never to be compared with day by day. The data itself moved since, for ever.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from typing import Any

import polars as pl

from xray_assets.catalog import (
    CHAMPION,
    EMBEDDING_SIZE,
    ENDPOINT_CONFIG,
    FEATURES,
    MONITORING_BASELINES,
    XRAY_METADATA,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import TRAINED, TRAINING
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.frozen import freeze
from xray_assets.monitoring.baselines.store import MONITORING
from xray_assets.monitoring.films.measuring import measure
from xray_assets.monitoring.films.models import LoadModel, models_of

MOST = 300
"""Films of a training that are measured, of the lowest digests: enough to see where they lie."""

SITE = "training"


def make_reference(
    tables: Tables,
    load: LoadModel,
    read: Callable[[str], bytes],
    pool: Executor,
    *,
    timezone: str,
    now: datetime,
) -> str | None:
    """Measure train and val films for the present champion, once; the id of the row, None where
    there is one already, or nothing is served yet.

    load: as `films.models` asks for it. read: a film's bytes by its `file_path`. Without an
    artifact that gives embeddings there are features alone.
    """
    champion = _present_champion(tables)
    if champion is None or _has_one(tables, champion["artifact_sha256"]):
        return None
    used = tables.read(XRAY_METADATA).filter(pl.col("dataset_split").is_in(["train", "val"]))
    films = used.sort("pixel_sha256").head(MOST).collect()
    if films.is_empty():
        return None
    paths = dict(films.select("pixel_sha256", "file_path").iter_rows())
    artifact = champion["artifact_sha256"]
    models = models_of(tables, pl.Series([champion["config_version"]]), load)
    features, embeddings = measure(
        dict.fromkeys(paths, (artifact,)),
        {name: one for name, one in models.classifiers.items() if name == artifact},
        lambda digest: _bytes_of(read, paths[digest]),
        pool,
    )
    vectors = [embeddings.get((artifact, digest)) for digest in features["image_sha256"]]
    measured = features.with_columns(
        embedding=pl.Series(vectors, dtype=pl.List(pl.Float32)).list.to_array(EMBEDDING_SIZE)
    )
    named = films.select("label", image_sha256="pixel_sha256", case_key="patient_id").join(
        measured, on="image_sha256"
    )
    of_films = named.with_columns(request_id="image_sha256", site=pl.lit(SITE)).select(
        "request_id", "case_key", "site", *FEATURES, "embedding"
    )
    reads = named.select(request_id="image_sha256", truth="label")
    row = _row(champion, of_films, reads, timezone=timezone, now=now)
    schema = CONTRACTS[MONITORING_BASELINES].schema
    tables.merge(MONITORING_BASELINES, pl.DataFrame([row], schema=schema), insert_only=True)
    return row["baseline_id"]


def _bytes_of(read: Callable[[str], bytes], path: str) -> bytes | None:
    """None where the film is no longer in the volume."""
    try:
        return read(path)
    except FileNotFoundError:
        return None


def _present_champion(tables: Tables) -> dict[str, Any] | None:
    configs = tables.read(ENDPOINT_CONFIG).filter(pl.col("role") == CHAMPION)
    newest = configs.sort("config_version").tail(1).collect()
    return newest.row(0, named=True) if newest.height else None


def _has_one(tables: Tables, artifact: str) -> bool:
    rows = tables.read(MONITORING_BASELINES).filter(
        pl.col("kind") == TRAINING, pl.col("artifact_sha256") == artifact
    )
    return rows.select(pl.len()).collect().item() > 0


def _row(
    champion: dict[str, Any],
    films: pl.DataFrame,
    reads: pl.DataFrame,
    *,
    timezone: str,
    now: datetime,
) -> dict[str, Any]:
    frozen = freeze(films, reads)
    return {
        "baseline_id": f"{SITE}_{champion['served_model_name']}_{frozen.sha256[:12]}",
        "kind": TRAINING,
        "served_model_name": champion["served_model_name"],
        "artifact_sha256": champion["artifact_sha256"],
        "feature_version": FEATURE_VERSION,
        "n_days": 0,
        "n_films": films.height,
        "n_patients": films["case_key"].n_unique(),
        "n_positive_reads": int((reads["truth"] == 1).sum()),
        "n_negative_reads": int((reads["truth"] == 0).sum()),
        "sites": [SITE],
        "timezone": timezone,
        **vars(frozen),
        "made_at": now,
        "made_by": MONITORING,
        "cause": TRAINED,
    }
