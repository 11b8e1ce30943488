"""What a candidate must pass, from labels and scores alone."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from xray_assets.retraining.gates.fairness import fairness_gate
from xray_assets.retraining.gates.golden import GoldenFilms, golden_gate
from xray_assets.retraining.gates.latency import latency_gate
from xray_assets.retraining.gates.robustness import CLEAN, CORRUPTED, robustness_gate

TRUTH = np.arange(1000) % 2


def labels(wrong: range) -> np.ndarray:
    """Right but for these films."""
    found = TRUTH.copy()
    found[list(wrong)] = 1 - found[list(wrong)]
    return found


def judged(candidate, champion, anchor=None, *, number=1, truth=TRUTH):
    anchor = champion if anchor is None else anchor
    models = {"candidate": candidate, "champion": champion, "anchor": anchor}
    return golden_gate([GoldenFilms(1, number, truth, models)])


def test_an_equal_model_passes_and_the_chance_of_that_is_told() -> None:
    found = judged(labels(range(0, 30)), labels(range(30, 60)))
    assert found.passed, found.said
    assert len(found.figures) == 2
    for figure in found.figures:
        assert figure["n"] == 500 and figure["equal_passes"] >= 0.8**0.5
    assert "of equal merit passes all 2 in" in found.said


def test_a_model_that_misses_more_fails_although_it_raises_fewer_false_alarms() -> None:
    found = judged(labels(range(1, 101, 2)), labels(range(0, 100, 2)))
    assert not found.passed
    assert {f["figure"]: f["passed"] for f in found.figures} == {
        "sensitivity": False,
        "specificity": True,
    }


def test_many_small_steps_down_do_not_pass_the_anchor() -> None:
    steps = [labels(range(1, 1 + 2 * lost, 2)) for lost in range(0, 60, 6)]
    against_the_last = [judged(after, before).passed for before, after in pairwise(steps)]
    with_the_anchor = [judged(after, before, steps[0]).passed for before, after in pairwise(steps)]
    assert all(against_the_last)
    assert not with_the_anchor[-1]


def test_the_tenth_candidate_on_a_version_is_judged_at_a_tenth() -> None:
    champion, candidate = labels(range(0)), labels(range(1, 15, 2))
    first, tenth = (judged(candidate, champion, number=number) for number in (1, 10))
    assert first.figures[0]["alpha"] == 10 * tenth.figures[0]["alpha"]
    assert tenth.figures[0]["low"] < first.figures[0]["low"]


def test_every_version_counts_and_none_is_a_failure() -> None:
    good, bad = labels(range(0)), labels(range(0, 200))
    versions = [
        GoldenFilms(number, 1, TRUTH, {"candidate": one, "champion": good, "anchor": good})
        for number, one in enumerate((good, bad), start=1)
    ]
    assert not golden_gate(versions).passed
    assert golden_gate(versions[:1]).passed
    assert not golden_gate([]).passed


def slices(n: int, lost: int, gained: int = 0, site: str = "A") -> pl.DataFrame:
    """Films of a site, so many of which one model alone got right."""
    champion = [True] * lost + [False] * gained + [True] * (n - lost - gained)
    candidate = [False] * lost + [True] * (gained + n - lost - gained)
    return pl.DataFrame(
        {"site": [site] * n, "champion_right": champion, "candidate_right": candidate}
    )


@pytest.mark.parametrize(
    ("n", "lost", "gained", "passed"),
    [
        (200, 0, 0, True),
        (200, 5, 5, True),
        (200, 12, 2, False),
        (50, 0, 0, True),
        (50, 9, 0, False),
    ],
)
def test_a_slice_that_loses_fails_and_an_equal_one_does_not(n, lost, gained, passed) -> None:
    found = fairness_gate(slices(n, lost, gained), ("site",))
    assert found.passed is passed
    (figure,) = found.figures
    assert figure["difference"] == pytest.approx((gained - lost) / n)
    assert figure["low"] < figure["difference"] < figure["high"]


def test_a_large_slice_is_held_to_the_margin_as_it_stands_and_a_small_one_is_only_shown() -> None:
    films = pl.concat([slices(400, 4), slices(49, 20, site="B")])
    found = fairness_gate(films, ("site",))
    assert found.passed
    large, small = found.figures
    assert (large["margin"], large["judged"], small["judged"]) == (0.05, True, False)


def test_one_bad_site_fails_whatever_the_others_gain() -> None:
    films = pl.concat([slices(400, 0, 100), slices(100, 20, site="B")])
    assert not fairness_gate(films, ("site",)).passed


def scores(shift: dict[str, float]) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    z = rng.normal(size=len(TRUTH))
    return {
        name: 1 / (1 + np.exp(-(z + (3 - shift.get(name, 0)) * TRUTH)))
        for name in (CLEAN, *CORRUPTED)
    }


def test_a_fall_beyond_the_champions_fails_and_a_fall_with_it_does_not() -> None:
    assert robustness_gate(TRUTH, scores({"border": 2}), scores({"border": 2})).passed
    found = robustness_gate(TRUTH, scores({}), scores({"border": 1}))
    assert not found.passed and "border" in found.said
    assert robustness_gate(TRUTH, scores({"blur": 1}), scores({})).passed


def test_below_chance_is_as_good_as_chance() -> None:
    found = robustness_gate(TRUTH, scores({"inverted": 3}), scores({"inverted": 9}))
    assert found.passed, found.said


def test_a_p95_above_a_fifth_more_than_the_champions_fails_and_so_does_silence() -> None:
    champion = np.linspace(1, 2, 200)
    assert latency_gate(champion, 1.19 * champion).passed
    assert not latency_gate(champion, 1.21 * champion).passed
    assert not latency_gate(champion, champion[:199]).passed
