"""A candidate judged on past feedback: both models' labels on every reviewed film. Pure.

The figures are those of the reviewed cases as they were chosen for review, and a candidate that was
trained on them looks better than it is: a gate before an experiment, never evidence in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from xray_assets.promotion import (
    PairedCounts,
    PromotionReport,
    PromotionRule,
    Verdict,
    report,
)
from xray_assets.reasons import TOO_FEW, Reason
from xray_assets.rollout.candidates import Candidate

Scores = Mapping[tuple[str, str], float]
"""Probability by (pixel digest, artifact digest); a missing entry is a score that failed."""


@dataclass(frozen=True)
class Backtest:
    """The report on `n_scored` of `n_films` films (the others are no longer stored, or failed)."""

    n_films: int
    n_scored: int
    report: PromotionReport
    counts: PairedCounts

    @property
    def passed(self) -> bool:
        """True when there were enough films and nothing speaks against the candidate."""
        return self.report.decision.verdict is not Verdict.ROLLBACK and not self._shortfall

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why."""
        return self.report.decision.reasons

    @property
    def _shortfall(self) -> bool:
        return not set(TOO_FEW).isdisjoint(self.report.decision.reason_codes)


def reviewed_films(reviewed: pl.DataFrame, predictions: pl.DataFrame) -> pl.DataFrame:
    """One film a patient with its truth, in order of request: image_sha256, truth.

    reviewed: rows of gold.reviewed_cases, of any experiments: request_id, case_key, truth.
    predictions: their rows of gold.pneumonia_classifier_predictions: request_id, image_sha256.
    """
    return (
        reviewed.filter(pl.col("truth").is_not_null())
        .join(predictions.filter(pl.col("image_sha256").is_not_null()), on="request_id")
        .sort("request_id")
        .unique("case_key", keep="first", maintain_order=True)
        .select("image_sha256", "truth")
    )


def backtest(
    films: pl.DataFrame,
    scores: Scores,
    champion: Candidate,
    candidate: Candidate,
    rule: PromotionRule | None = None,
) -> Backtest:
    """Judge the candidate in the challenger's place, by the promotion rule.

    films: as `reviewed_films` gives them. Every film counts as scored and reviewed: nothing is
    corrected for who got reviewed.
    """
    rule = rule or PromotionRule()
    labels = films.select(
        "truth",
        *(
            _labels(films["image_sha256"], model, scores).alias(name)
            for name, model in (("champion", champion), ("challenger", candidate))
        ),
    ).drop_nulls()
    index = labels.select("champion", "challenger", "truth").to_numpy().astype(np.int64).T
    counts = np.zeros((labels.height, 1, 2, 2, 2), np.int64)
    counts[np.arange(labels.height), 0, *index] = 1
    size = rule.reviews_per_batch
    batches = counts[: labels.height // size * size].reshape(-1, size, 1, 2, 2, 2).sum(axis=1)
    reviewed = counts.sum(axis=0)
    paired = PairedCounts(
        reviewed=reviewed,
        scored=reviewed.sum(axis=3),
        served=np.zeros((0, 2), np.int64),
        split=np.zeros(0),
        batches=batches,
    )
    return Backtest(films.height, labels.height, report(paired, rule), paired)


def _labels(digests: pl.Series, model: Candidate, scores: Scores) -> pl.Series:
    found = [scores.get((digest, model.artifact_sha256)) for digest in digests]
    return (pl.Series(found, dtype=pl.Float64) >= model.threshold).cast(pl.Int64)
