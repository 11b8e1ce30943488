"""Bands of scores are those of the settled cases, weighted by the logged chance of review."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from xray_assets.cases.review import review
from xray_assets.cases.summaries.scores import bands_of, bring_up_to_date
from xray_assets.catalog import (
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    SCORE_BANDS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.rollout.experiment_rows import row_of
from xray_assets.statistics.calibration import bin_of
from xray_assets_tests.cases.examples import EXPERIMENT, pairs, predictions, reads

PAIRS = pairs(predictions([(f"p{n}", f"f{n}", "champion") for n in range(12)]))
CASES = PAIRS.filter("is_case")
TRUTHS = ["pneumonia", "normal", "uncertain"] * 4


@pytest.fixture
def tables(tmp_path: Path) -> LocalDelta:
    lake = LocalDelta(root=str(tmp_path))
    lake.merge(EXPERIMENTS, pl.DataFrame([row_of(EXPERIMENT)], infer_schema_length=None))
    lake.append(PAIRED_PREDICTIONS, PAIRS)
    settle(lake, TRUTHS)
    return lake


def settle(lake: LocalDelta, truths: list[str]) -> None:
    answered = [(case, "DR1", one) for case, one in zip(CASES["request_id"], truths, strict=True)]
    known = lake.read(REVIEWED_CASES).collect()
    lake.merge(REVIEWED_CASES, review(CASES, reads(answered, CASES), known, next_rank=0))


def assign(lake: LocalDelta, chances: list[float], drawn: list[bool]) -> None:
    rows = CASES.select(
        "experiment_id", "request_id", "case_key", "site", "scored_at"
    ).with_columns(
        CASES["log_position"],
        prediction_date=CASES["date"],
        image_sha256=pl.lit("0"),
        policy_hash=pl.lit("h"),
        chance=pl.Series(chances),
        u=pl.lit(0.0),
        drawn=pl.Series(drawn),
        reads_wanted=pl.lit(1, pl.Int64),
        due_at=CASES["scored_at"],
        state=pl.lit("settled"),
        n_reads=pl.lit(1, pl.Int64),
    )
    lake.merge(REVIEW_ASSIGNMENTS, CONTRACTS[REVIEW_ASSIGNMENTS].conform(rows))


def stored(lake: LocalDelta) -> dict[str, np.ndarray]:
    """Weights [truth, band] by role."""
    rows = lake.read(SCORE_BANDS).collect().iter_rows(named=True)
    return {row["role"]: bands_of(row).weight for row in rows}


def expected(role: str, weights: list[float]) -> np.ndarray:
    found = np.zeros((2, 50))
    for case, truth, weight in zip(CASES.iter_rows(named=True), TRUTHS, weights, strict=True):
        if truth != "uncertain":
            found[int(truth == "pneumonia"), bin_of([case[f"{role}_probability"]])[0]] += weight
    return found


def test_without_logged_chances_each_settled_case_counts_once(tables: LocalDelta) -> None:
    assert bring_up_to_date(tables) == 8
    for role, weights in stored(tables).items():
        np.testing.assert_array_equal(weights, expected(role, [1.0] * 12))
    assert bring_up_to_date(tables) == 0


def test_a_drawn_case_stands_for_those_that_were_not_and_others_do_not_count(
    tables: LocalDelta,
) -> None:
    chances, drawn = [1.0, 0.1, 0.5] * 4, [True, True, False] * 2 + [False] * 6
    assign(tables, chances, drawn)
    bring_up_to_date(tables)
    weights = [is_drawn / chance for chance, is_drawn in zip(chances, drawn, strict=True)]
    for role, found in stored(tables).items():
        np.testing.assert_allclose(found, expected(role, weights))


def test_a_correction_leaves_its_band(tables: LocalDelta) -> None:
    bring_up_to_date(tables)
    settle(tables, ["uncertain"] * 11 + ["normal"])
    assert bring_up_to_date(tables) == 1
    assert {weights.sum() for weights in stored(tables).values()} == {1.0}
