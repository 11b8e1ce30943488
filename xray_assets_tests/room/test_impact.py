"""The page of business impact: its figures, its address, and what it says without reads."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from fastapi import FastAPI

from xray_assets.cases.summaries.scores import bands
from xray_assets.catalog import SCORE_BANDS
from xray_assets.lake.delta import DeltaTables
from xray_assets.settings import Settings
from xray_assets_tests.room.made_board import decide, open_experiment
from xray_assets_tests.room.visitor import Visitor, room_with


def settled(n: int = 300) -> pl.DataFrame:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, n)
    scores = {
        f"{role}_probability": np.clip(rng.normal(0.5 + gap * (truth - 0.5), 0.2), 0, 1)
        for role, gap in (("champion", 0.4), ("challenger", 0.7))
    }
    return pl.DataFrame({"truth": truth, **scores, "weight": rng.choice([1.0, 10.0], n)})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path)


@pytest.fixture
def vera(settings: Settings) -> Visitor:
    room: FastAPI = room_with(settings, vera="viewer")
    visitor = Visitor(room)
    visitor.sign_in("vera")
    return visitor


@pytest.fixture
def lake(settings: Settings) -> DeltaTables:
    tables = DeltaTables(root=settings.lake, environment=settings.environment)
    experiment = open_experiment(tables)
    decide(tables, experiment)
    tables.merge(SCORE_BANDS, bands(settled(), experiment.experiment_id))
    return tables


def cost(page: str, policy: str) -> str:
    found = re.search(rf'row">no AI, {policy}</th><td colspan="3">([\d.,]+)<', page)
    assert found, page
    return found[1]


def test_without_settled_cases_it_says_so(vera: Visitor) -> None:
    assert "Nothing can be worked out yet" in vera.get("/impact").text


def test_the_assumptions_live_in_the_address(vera: Visitor, lake: DeltaTables) -> None:
    page = vera.get("/impact?missed=50&false_alarm=4&read=2&prevalence=20&cuts=0.2,0.5").text
    assert cost(page, "nobody treated") == "10,000.0"
    assert cost(page, "everybody treated") == "3,200.0"
    assert cost(page, "every film read") == "2,000.0"
    assert "The costs above say p = 0.074" in page
    tiers = re.findall(r'row">([\d.]+ to [\d.]+)</th>', page)
    assert tiers == ["0.50 to 1.00", "0.20 to 0.50", "0.00 to 0.20"] * 2
    assert 'value="50"' in page and 'name="prevalence" inputmode="decimal" value="20"' in page
    usual = vera.get("/impact").text
    assert "model alone" in usual and "Least under these assumptions" in usual
    assert "nan" not in page.lower().replace("finance", "")


def test_assumptions_that_make_no_sense_are_told_and_nothing_is_lost(
    vera: Visitor, lake: DeltaTables
) -> None:
    for query in (
        *("missed=-1", "missed=much", "prevalence=120", "read=inf"),
        *("cuts=0.33", "cuts=0.5,0.2"),
    ):
        answer = vera.get(f"/impact?{query}")
        assert answer.status_code == 400, query
        assert "make no sense" in answer.text and "Expected cost" in answer.text
