"""What a model's own probabilities say without truth, and when that may not be believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.statistics.drift.estimated import (
    black_box_shift,
    confidence_based,
    maximum_likelihood,
    prevalence,
)


def calibrated_films(n: int, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and probabilities that hold at a prevalence of one half, of films of another one."""
    chance = np.random.default_rng(seed)
    truth = chance.random(n) < share
    log_odds = chance.normal(np.where(truth, 2.0, -2.0), 2.0)  # log likelihood ratio, exactly
    return truth, 1 / (1 + np.exp(-log_odds))


def test_calibrated_probabilities_tell_the_figures_that_truth_gives() -> None:
    truth, p = calibrated_films(200_000, 0.5)
    called = p >= 0.3
    expected = confidence_based(called, p)
    assert expected.accuracy == pytest.approx((called == truth).mean(), abs=0.005)
    assert expected.sensitivity == pytest.approx(called[truth].mean(), abs=0.005)
    assert expected.specificity == pytest.approx((~called)[~truth].mean(), abs=0.005)


def test_without_films_or_without_a_class_nothing_is_expected() -> None:
    assert np.isnan(confidence_based([], []).accuracy)
    assert np.isnan(confidence_based([0, 0], [0.0, 0.0]).sensitivity)
    with pytest.raises(ValueError, match="probabilities"):
        confidence_based([1], [1.2])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.74, 0.95])
def test_both_ways_find_another_prevalence_where_labels_alone_shifted(share: float) -> None:
    truth, p = calibrated_films(100_000, 0.5)
    called = p >= 0.5
    sensitivity, specificity = called[truth].mean(), (~called)[~truth].mean()
    _, shifted = calibrated_films(100_000, share, seed=1)
    found = prevalence(
        shifted >= 0.5,
        shifted,
        sensitivity=sensitivity,
        specificity=specificity,
        known_prevalence=0.5,
    )
    assert found.black_box == pytest.approx(share, abs=0.01)
    assert found.maximum_likelihood == pytest.approx(share, abs=0.01)
    assert found.is_label_shift


def test_more_positives_than_any_prevalence_gives_are_not_label_shift() -> None:
    p = np.full(300, 0.99)
    found = prevalence(p >= 0.5, p, sensitivity=0.9, specificity=0.9, known_prevalence=0.5)
    assert (found.black_box, found.clipped, found.is_label_shift) == (1.0, True, False)


def test_labels_that_tell_nothing_give_no_prevalence_and_no_belief() -> None:
    p = np.array([0.2, 0.8])
    found = prevalence(p >= 0.5, p, sensitivity=0.5, specificity=0.5, known_prevalence=0.5)
    assert np.isnan(found.black_box)
    assert not found.is_label_shift
    assert np.isnan(maximum_likelihood(p, 0.0))
    assert np.isnan(maximum_likelihood(np.array([]), 0.5))


@given(st.floats(0, 1), st.floats(0.51, 1), st.floats(0.5, 1))
def test_black_box_shift_undoes_what_a_prevalence_does_to_the_labels(
    share: float, sensitivity: float, specificity: float
) -> None:
    positive = share * sensitivity + (1 - share) * (1 - specificity)
    assert black_box_shift(positive, sensitivity, specificity) == pytest.approx(share, abs=1e-9)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=30), st.floats(0.05, 0.95))
def test_the_likelihood_is_highest_at_the_prevalence_that_is_found(
    probabilities: list[float], known: float
) -> None:
    p = np.array(probabilities)
    found = maximum_likelihood(p, known)

    def likelihood(share: float) -> float:
        return float(np.log(p * share / known + (1 - p) * (1 - share) / (1 - known)).sum())

    best = max(likelihood(share) for share in np.linspace(0, 1, 101))
    assert likelihood(found) >= best - 0.01
