"""Keeps gold.score_bands: settled cases of the newest experiment by truth and band of both models'
scores. Counted again whole when a case changed, from the newest NEWEST_CASES: it may be repeated.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from xray_assets.cases.review_run import days_of
from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    PAIRED_PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    SCORE_BANDS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables
from xray_assets.rollout.state import last_experiment
from xray_assets.statistics.score_bands import ScoreBands, score_bands

CASES = "reviewed_cases"
"""Source of the position: the version of gold.reviewed_cases that was counted."""

NEWEST_CASES = 20_000


def bring_up_to_date(tables: Tables) -> int:
    """Count the newest experiment's cases; returns how many, 0 where nothing changed."""
    version, held = tables.version(REVIEWED_CASES), tables.position(SCORE_BANDS, CASES)
    experiment = last_experiment(tables)
    if version is None or version == held or experiment is None:
        return 0
    cases = settled_cases(tables, experiment.experiment_id)
    tables.merge(SCORE_BANDS, bands(cases, experiment.experiment_id))
    empty = CONTRACTS[SCORE_BANDS].empty()
    tables.append(SCORE_BANDS, empty, source=CASES, position=version)
    return cases.height


def settled_cases(tables: Tables, experiment_id: str) -> pl.DataFrame:
    """truth, champion_probability, challenger_probability and weight of the newest cases with a
    truth. Where chances of review were logged, drawn cases alone, with 1 / chance; else 1 each.
    """
    its = pl.col("experiment_id") == experiment_id
    truths = (
        tables.read(REVIEWED_CASES)
        .filter(its, pl.col("truth").is_not_null())
        .top_k(NEWEST_CASES, by="review_rank")
        .select("request_id", "truth", date="prediction_date")
        .collect()
    )
    days, ids = days_of(truths, "date"), truths["request_id"].implode()
    here = pl.col("request_id").is_in(ids)
    probabilities = [f"{role}_probability" for role in (CHAMPION, CHALLENGER)]
    scores = (
        tables.read(PAIRED_PREDICTIONS)
        .filter(its, pl.col("date").is_in(days), here)
        .select("request_id", *probabilities)
        .collect()
    )
    cases = truths.join(scores, on="request_id").drop_nulls(probabilities)
    assigned = tables.read(REVIEW_ASSIGNMENTS).filter(its, pl.col("prediction_date").is_in(days))
    if assigned.limit(1).collect().is_empty():
        return cases.with_columns(weight=pl.lit(1.0))
    drawn = assigned.filter("drawn", here).select("request_id", weight=1 / pl.col("chance"))
    return cases.join(drawn.collect(), on="request_id")


def bands(cases: pl.DataFrame, experiment_id: str) -> pl.DataFrame:
    """Rows of gold.score_bands; cases as `settled_cases` gives them."""
    rows = []
    for role in (CHAMPION, CHALLENGER):
        found = score_bands(cases["truth"], cases[f"{role}_probability"], cases["weight"])
        sums = {name: part.ravel().tolist() for name, part in vars(found).items()}
        rows.append({"experiment_id": experiment_id, "role": role, **sums})
    return CONTRACTS[SCORE_BANDS].conform(pl.DataFrame(rows, schema=CONTRACTS[SCORE_BANDS].schema))


def bands_of(row: Mapping[str, Any]) -> ScoreBands:
    """The bands of a row of gold.score_bands."""
    sums = (np.array(row[name]).reshape(2, -1) for name in ("n", "weight", "squares"))
    return ScoreBands(*sums)
