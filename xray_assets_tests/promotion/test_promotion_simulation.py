"""A small part of benchmarks/promotion, with its own engine: biased review, unequal splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.promotion.cases import draw
from benchmarks.promotion.runs import judge
from benchmarks.promotion.scenarios import EQUAL, by_label, by_uncertainty_smooth, pair


def test_no_look_that_matters_is_left_out() -> None:
    scenario = pair("", 0.8, 0.87, "", common=0.5, review=by_label)
    cases = draw(scenario, 25, 500, np.random.default_rng(41))
    some, every = judge(cases), judge(cases, every_look=True)
    assert 0 < np.mean(every.verdict == 1) < 1
    np.testing.assert_array_equal(some.verdict, every.verdict)
    np.testing.assert_array_equal(some.reads, every.reads)


@pytest.mark.parametrize(
    "scenario",
    [
        replace(EQUAL, review=by_label, common=0.8),
        replace(EQUAL, review=by_uncertainty_smooth, share=0.1),
    ],
    ids=["by label", "by uncertainty, challenger at 10 %"],
)
def test_biased_review_does_not_promote_an_equal_challenger(scenario) -> None:
    looks = judge(draw(scenario, 120, 700, np.random.default_rng(43)))
    assert np.mean(looks.verdict == 1) <= 0.05
    assert np.mean(looks.verdict == -1) <= 0.10


def test_a_better_challenger_is_promoted_under_biased_review() -> None:
    scenario = pair("", 0.8, 0.9, "", common=0.8, review=by_label)
    looks = judge(draw(scenario, 100, 1500, np.random.default_rng(47)))
    assert np.mean(looks.verdict == 1) >= 0.97
    assert looks.reads.mean() <= 270
