"""A small part of benchmarks/promotion/queue: its engine, and the promises of logged chances."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.promotion.queue.drawing import RULE, Run, cells, draw
from benchmarks.promotion.queue.figures import (
    BETTER,
    KEENER,
    TROUBLES,
    UNSAFE,
)
from benchmarks.promotion.queue.judging import judge
from benchmarks.promotion.queue.readings import AT_ONCE, POSITIVES_FIRST, Reading
from benchmarks.promotion.queue.simulate import summary, try_without
from xray_assets.promotion import PromotionDecision, Verdict, decide_cases

SLOW = Reading(delay=30.0, unread=(0.1, 0.0, 0.02), due_after=60)


def first_verdict(run: Run) -> tuple[PromotionDecision, int]:
    """What `judge` is a short cut for: a decision after every case and read."""
    for time in range(1, len(run.drawn) + 1):
        decision = decide_cases(run.at(time), RULE)
        if decision.verdict is not Verdict.KEEP_TESTING:
            return decision, time
    return decide_cases(run.at(len(run.drawn)), RULE), len(run.drawn)


@pytest.mark.parametrize("reading", [AT_ONCE, SLOW], ids=["at once", "late and in part"])
@pytest.mark.parametrize("scenario", [BETTER, UNSAFE], ids=["better", "unsafe"])
def test_the_short_cut_finds_the_first_verdict_of_deciding_after_every_case(
    scenario, reading
) -> None:
    for run in draw(scenario, reading, n_runs=1, n_cases=300, seed=34):
        decision, time = first_verdict(run)
        judged = judge(run)
        assert (judged.verdict, judged.cases) == (decision.verdict, time)
        assert decision.verdict is (Verdict.PROMOTE if scenario is BETTER else Verdict.ROLLBACK)


def test_cells_have_the_sensitivity_specificity_and_prevalence_of_the_scenario() -> None:
    chances = cells(UNSAFE).reshape(2, 2, 2)
    assert chances.sum() == pytest.approx(1.0)
    positives, negatives = chances[..., 1], chances[..., 0]
    assert positives.sum() == pytest.approx(0.5)
    assert 2 * positives[1].sum() == pytest.approx(0.9)
    assert 2 * positives[:, 1].sum() == pytest.approx(0.85)
    assert 2 * negatives[:, 0].sum() == pytest.approx(0.9)


def test_a_better_challenger_needs_a_quarter_of_the_reads() -> None:
    runs = draw(BETTER, AT_ONCE, n_runs=150, n_cases=2000, seed=11)
    found = summary(map(judge, runs), np.random.default_rng(1))
    assert found["promoted"] >= 148
    assert found["reads"] <= 60  # 196 where every case is read


@pytest.mark.parametrize(
    "reading",
    [
        Reading(floor=0.1, delay=100.0),
        Reading(unread=(0.30, 0.05, 0.05)),
        Reading(follows=True),
        POSITIVES_FIRST,
    ],
    ids=["late", "skipped", "following the evidence", "positives first"],
)
def test_equal_challengers_are_seldom_promoted_or_rolled_back(reading) -> None:
    runs = draw(KEENER, reading, n_runs=150, n_cases=1500, seed=13)
    found = summary(map(judge, runs), np.random.default_rng(1))
    assert found["promoted"] <= 0.05 * 150
    assert found["rolled_back"] <= 0.10 * 150


@pytest.mark.parametrize("trouble", TROUBLES[2:], ids=lambda trouble: trouble.rule)
def test_each_rule_prevents_its_trouble(trouble) -> None:
    found = try_without(trouble, n_runs=200, n_cases=2000, seed=17)
    assert found["with"] <= 0.05 * 200
    assert found["without"] >= found["with"] + 8
