"""Bounds of paired differences, and margins at which a model of equal merit passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.statistics.noninferiority import (
    LARGEST_MARGIN,
    Paired,
    chance_of_equal,
    lower_bound,
    margin_of_equal,
)

COUNTS = st.tuples(st.integers(1, 400), st.integers(0, 50), st.integers(0, 50)).filter(
    lambda counts: counts[1] + counts[2] <= counts[0]
)


@given(COUNTS, st.floats(0.001, 0.4))
def test_bounds_hold_the_difference_between_them_and_mirror_each_other(counts, alpha) -> None:
    n, gained, lost = counts
    pairs, mirrored = Paired(n, gained, lost), Paired(n, lost, gained)
    assert pairs.low(alpha) <= pairs.difference * n / (n + 2) <= pairs.high(alpha)
    assert pairs.low(alpha) == pytest.approx(-mirrored.high(alpha))
    assert pairs.low(alpha) <= Paired(n, gained + 1, lost).low(alpha) + 1e-12
    assert pairs.low(alpha / 2) <= pairs.low(alpha)


def test_without_a_film_nothing_is_bounded() -> None:
    assert Paired(0, 0, 0).low(0.05) == -1


@pytest.mark.parametrize(
    ("n", "gain", "loss"), [(50, 0.02, 0.06), (200, 0.03, 0.05), (100, 0, 0.1)]
)
def test_the_bound_is_above_the_truth_in_about_five_percent_or_fewer(n, gain, loss) -> None:
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(n, [gain, loss, 1 - gain - loss], 20_000)
    bounds = lower_bound(drawn[:, 0], drawn[:, 1], n, 0.05)
    assert (bounds > gain - loss).mean() <= 0.06


def test_the_chance_that_an_equal_model_passes_is_that_of_drawing_one() -> None:
    rng = np.random.default_rng(1)
    differ = rng.binomial(200, 0.05, 40_000)
    gained = rng.binomial(differ, 0.5)
    drawn = (lower_bound(gained, differ - gained, 200, 0.05) >= -0.04).mean()
    assert chance_of_equal(200, 0.04, 0.05, 0.05) == pytest.approx(drawn, abs=0.01)


@pytest.mark.parametrize(("n", "margin"), [(200, 0.05), (1000, 0.025), (2000, 0.02)])
def test_margin_and_size_go_together(n, margin) -> None:
    both_classes = 0.8**0.5
    found = margin_of_equal(n, 0.05, discordance=0.05, chance=both_classes)
    assert found == margin
    assert chance_of_equal(n, found, 0.05, 0.05) >= both_classes


def test_a_small_margin_on_few_films_would_stop_nearly_every_equal_model() -> None:
    assert chance_of_equal(200, 0.02, 0.05, 0.05) ** 2 < 0.15
    assert margin_of_equal(20, 0.05, discordance=0.05, chance=0.9) == LARGEST_MARGIN


def test_the_tenth_candidate_needs_more_than_the_first() -> None:
    margins = [margin_of_equal(500, 0.05 / k, discordance=0.05, chance=0.9) for k in (1, 3, 10)]
    assert margins == sorted(margins) and margins[0] < margins[-1]
