"""Performance and prevalence of a day as its scores alone say, beside what its reads say."""

from math import isnan
from typing import Any

import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.contracts.tables.days import UNKNOWN
from xray_assets.monitoring.figures.columns import SITE, slices
from xray_assets.monitoring.figures.realised import realised
from xray_assets.statistics.drift.estimated import confidence_based, prevalence

COVARIATE_FAMILIES = ("film", "embedding")
"""Families of streams that end the trust in estimates: the films are others than they were."""

Baseline = tuple[pl.DataFrame, pl.DataFrame]
"""Films and reads."""


def estimate_rows(
    day: dict[str, Any], films: pl.DataFrame, reads: pl.DataFrame, baseline: Baseline | None
) -> list[dict[str, Any]]:
    """Rows of gold.estimated_performance of a row of gold.monitoring_days, its films and reads."""
    trusted = (
        baseline is not None
        and day["level"] != UNKNOWN
        and not set(day["families"]) & set(COVARIATE_FAMILIES)
    )
    rows: list[dict[str, Any]] = []
    for site, part in slices(films):
        its = reads if site is None else reads.filter(pl.col(SITE) == site)
        for role in (CHAMPION, CHALLENGER):
            scored = part.drop_nulls([f"label_{role}", f"score_{role}"])
            if role == CHALLENGER and scored.is_empty():
                continue
            same = {
                "date": day["date"],
                "role": role,
                "site": site or "",
                "n_films": scored.height,
                "off_support": day["off_support"],
                "trusted": trusted,
                "judged_at": day["judged_at"],
            }
            # a read is settled of the champion's answer: of a challenger nothing is realised here
            settled = its if role == CHAMPION else its.clear()
            rows.append(same | _estimated(scored, role, baseline) | _realised(settled))
    return rows


def _estimated(films: pl.DataFrame, role: str, baseline: Baseline | None) -> dict[str, Any]:
    labels, scores = films[f"label_{role}"].to_numpy(), films[f"score_{role}"].to_numpy()
    confident = vars(confidence_based(labels, scores))
    row = {f"estimated_{name}": _known(value) for name, value in confident.items()}
    if baseline is None or role == CHALLENGER or films.is_empty():
        return row
    known = realised(baseline[1], f"label_{role}", f"score_{role}").shares
    by_scores = prevalence(
        labels,
        scores,
        sensitivity=float(known["sensitivity"].value),
        specificity=float(known["specificity"].value),
        known_prevalence=baseline[0].select(pl.col(f"score_{role}").mean()).item() or 0.0,
    )
    solved, likely = _known(by_scores.black_box), _known(by_scores.maximum_likelihood)
    is_known = solved is not None and likely is not None
    return row | {
        "prevalence_black_box": solved,
        "prevalence_maximum_likelihood": likely,
        "is_label_shift": by_scores.is_label_shift if is_known else None,
    }


def _realised(reads: pl.DataFrame) -> dict[str, Any]:
    figures = realised(reads, f"label_{CHAMPION}", f"score_{CHAMPION}")
    row: dict[str, Any] = {"n_reads": figures.n}
    for name in ("accuracy", "sensitivity", "specificity"):
        row |= figures.bounds(name, name)
    return row


def _known(value: float) -> float | None:
    return None if isnan(value) else value
