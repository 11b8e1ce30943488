"""Gold: what was measured of the films that were answered, before they are deleted."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import FEATURES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import LOG_POSITION, SITE, date, number, text, time

KINDS = PIXELS, ARRAY = ("pixels", "array")
"""A film came as a file, or as the 64 x 64 numbers that a model sees, which have no features."""

FILM_PROBLEMS = FILM_GONE, NOT_DECODED = ("film_gone", "not_decoded")
"""Why nothing was measured of a film."""

MODEL_PROBLEMS = UNKNOWN_CONFIG, ARTIFACT_UNREADABLE, NO_EMBEDDING = (
    "unknown_config",
    "artifact_unreadable",
    "no_embedding",
)
"""Why there is no embedding of a film: its config was never recorded; its artifact is lost or
changed; its artifact is of format 1.
"""

_OF_64 = f"What its last layer was given: {catalog.EMBEDDING_SIZE} numbers"


def _embedding(name: str, description: str) -> Column:
    return Column(name, pl.List(pl.Float64), description)


FILM_FEATURES = Contract(
    catalog.FILM_FEATURES,
    "One row a measured film of a closed day: 19 features of its pixels, and the models' embeddings. Of a day and site at most XRAY_MONITOR_FILMS answered requests, those of the lowest hash.",
    (
        text("request_id", "The request", nullable=False),
        date("date", "Day of the request, UTC", nullable=False),
        SITE,
        text("case_key", "The patient's key; null where a batch mixes patients"),
        LOG_POSITION,
        text("kind", "How the film came; null where it is gone", allowed=KINDS),
        *(
            number(name, f"Feature `{name}` of the pixels (docs/monitoring.md)")
            for name in FEATURES
        ),
        text("feature_version", "Features of one version compare", nullable=False),
        text("artifact_sha256", "Serving artifact of the champion of the config that answered"),
        _embedding("embedding", f"{_OF_64}; of the champion"),
        text("challenger_sha256", "Serving artifact of the challenger, in an experiment"),
        _embedding("challenger_embedding", f"{_OF_64}; of the challenger"),
        text("problem", "Why nothing was measured", allowed=FILM_PROBLEMS),
        text("embedding_problem", "Why the champion gave no embedding", allowed=MODEL_PROBLEMS),
        time("measured_at", "When it was measured", nullable=False),
    ),
    unique=("request_id",),
    partition_by=("date",),
)
