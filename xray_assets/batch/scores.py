"""What a run writes: one row a film, and which model made it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from xray_assets.batch.films import ListedFilm

SCHEMA = pl.Schema(
    {
        "file_path": pl.String(),
        "image_id": pl.String(),
        "image_sha256": pl.String(),
        "probability": pl.Float64(),
        "predicted_label": pl.Int32(),
        "threshold": pl.Float64(),
        "model_name": pl.String(),
        "model_version": pl.Int64(),
        "artifact_sha256": pl.String(),
        "scored_at": pl.Datetime("us", "UTC"),
        "error": pl.String(),
    }
)
"""`file_path` is unique. A film that is no acceptable film has its reason in `error` and null for
probability and label; `image_sha256` is the pixel digest that the endpoint logs.
"""

MODEL_COLUMNS = ("model_name", "model_version", "artifact_sha256")


@dataclass(frozen=True)
class ScoringModel:
    """One registered version and its verified serving artifact on this machine."""

    model_name: str
    model_version: int
    artifact_sha256: str
    threshold: float
    artifact_folder: Path

    @property
    def identity(self) -> tuple[str, int, str]:
        """The values of MODEL_COLUMNS."""
        return self.model_name, self.model_version, self.artifact_sha256


class FilmScore(NamedTuple):
    """What became of one film: a score, an `error` that is the film's, or `unread`.

    `unread` says why its bytes could not be had, which says nothing about the film: it gets no row,
    and the next run tries it again.
    """

    image_sha256: str | None = None
    probability: float | None = None
    error: str | None = None
    unread: str | None = None


class ScoreRows:
    """Rows that wait for their commit."""

    def __init__(self, model: ScoringModel) -> None:
        self._model = model
        self._rows: list[tuple[object, ...]] = []

    def __len__(self) -> int:
        """Rows that wait."""
        return len(self._rows)

    def add(self, film: ListedFilm, score: FilmScore, scored_at: datetime) -> None:
        """Add one film that was read."""
        digest, probability, error, _ = score
        self._rows.append((*film, digest, probability, error, scored_at))

    def take(self) -> pl.DataFrame:
        """All waiting rows in SCHEMA; none wait afterwards."""
        frame = frame_of(self._rows, self._model)
        self._rows = []
        return frame


def frame_of(rows: Sequence[tuple[object, ...]], model: ScoringModel) -> pl.DataFrame:
    """(file_path, image_id, image_sha256, probability, error, scored_at) rows in SCHEMA."""
    given = ("file_path", "image_id", "image_sha256", "probability", "error", "scored_at")
    frame = pl.DataFrame(rows, schema={name: SCHEMA[name] for name in given}, orient="row")
    return frame.with_columns(
        predicted_label=(pl.col("probability") >= model.threshold).cast(pl.Int32),
        threshold=pl.lit(model.threshold, pl.Float64),
        model_name=pl.lit(model.model_name),
        model_version=pl.lit(model.model_version, pl.Int64),
        artifact_sha256=pl.lit(model.artifact_sha256),
    ).select(SCHEMA.names())
