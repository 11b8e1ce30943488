"""What the models answered on a case, for a reader who has read it: from the tables, never scored
anew. Occlusion maps are: of the same artifacts, on the stored film.
"""

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, EXPERIMENTS, PAIRED_PREDICTIONS, PREDICTIONS
from xray_assets.feedback.intake.request_days import days_of
from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.lake.tables import Tables
from xray_assets.reading.forms import FilmMissing, Heat, ModelAnswer
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.serving.log.kept_films import kept_film
from xray_assets.settings import Settings

if TYPE_CHECKING:
    from xray_assets.scoring.session import OnnxClassifier


class ModelAnswers:
    """Looks answers up by request. Safe for threads."""

    def __init__(self, settings: Settings, tables: Tables) -> None:
        """Nothing is read yet."""
        self._settings, self._tables = settings, tables
        self._classifiers: dict[tuple[str, int], OnnxClassifier] = {}

    def of(self, request_id: str) -> tuple[ModelAnswer, ...]:
        """Champion and challenger, or the one model that served where there was no experiment.
        Raises FilmMissing where the tables do not know the request.
        """
        days = days_of(pl.Series([request_id]))
        if (paired := self._row(PAIRED_PREDICTIONS, request_id, days)) is not None:
            return tuple(
                ModelAnswer(
                    model=paired[f"{role}_model"],
                    version=paired[f"{role}_version"],
                    role=role,
                    score=paired[f"{role}_probability"],
                    threshold=paired[f"{role}_threshold"],
                    label=paired[f"{role}_label"],
                    served=paired["served_arm"] == role,
                )
                for role in (CHAMPION, CHALLENGER)
            )
        if (row := self._row(PREDICTIONS, request_id, days)) is None:
            raise FilmMissing("nothing is known of this film's request any more")
        return (
            ModelAnswer(
                model=row["model_name"],
                version=row["model_version"],
                role=None,
                score=row["prediction"],
                threshold=row["threshold"],
                label=row["predicted_label"],
                served=True,
            ),
        )

    def heat(
        self, request_id: str, image_sha256: str, answers: tuple[ModelAnswer, ...]
    ) -> list[Heat]:
        """An occlusion map of each model. Raises FilmMissing, ArtifactError."""
        from xray_assets.scoring.occlusion import occlusion  # ONNX Runtime, for who asks for a map

        kept = kept_film(self._settings.inference_log, image_sha256)
        try:
            film = None if kept is None else stored_model_input(kept.data)
        except InvalidImage:
            film = None
        if film is None:
            raise FilmMissing("this film is not kept any more")
        return [
            Heat(one.model, one.version, _rows(occlusion(self._classifier(one), film)))
            for one in answers
        ]

    def _classifier(self, answer: ModelAnswer) -> "OnnxClassifier":
        from xray_assets.scoring.loading import load_classifier

        key = answer.model, answer.version
        if key not in self._classifiers:
            self._classifiers[key] = load_classifier(
                self._settings,
                model_name=answer.model,
                version=str(answer.version),
                expected_sha256=self._digest(answer),
            )
        return self._classifiers[key]

    def _digest(self, answer: ModelAnswer) -> str | None:
        """The artifact that an experiment froze; None where the registry must be asked."""
        if answer.role is None:
            return None
        role = answer.role
        same = (
            pl.col(f"{role}_model") == answer.model,
            pl.col(f"{role}_version") == answer.version,
        )
        found = self._tables.read(EXPERIMENTS).filter(*same).collect()
        return None if found.is_empty() else found[f"{role}_artifact_sha256"][-1]

    def _row(self, key: tuple[str, str], request_id: str, days: list[date]) -> dict | None:
        that_day = pl.col("date").is_in(days) if days else pl.lit(True)
        found = self._tables.read(key).filter(that_day, pl.col("request_id") == request_id)
        return next(found.collect().iter_rows(named=True), None)


def _rows(grid: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(round(float(value), 4) for value in row) for row in grid)
