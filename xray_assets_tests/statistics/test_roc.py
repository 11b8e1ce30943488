"""AUC, ROC points and calibration, against scikit-learn and direct sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc_curve

from xray_assets.statistics.calibration import calibration
from xray_assets.statistics.roc import area_under_curve, roc_curve

films = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20).map(lambda score: score / 20)),
    min_size=4,
    max_size=60,
).filter(lambda rows: 0 < sum(label for label, _ in rows) < len(rows))


def split(rows: list[tuple[int, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


@given(films)
def test_auc_and_delong_error_agree_with_direct_sums_over_pairs(
    rows: list[tuple[int, float]],
) -> None:
    labels, scores = split(rows)
    auc = area_under_curve(labels, scores)
    assert auc.value == pytest.approx(roc_auc_score(labels, scores))
    positive, negative = scores[labels == 1], scores[labels == 0]
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)
    m, n = wins.shape
    assert 0 <= auc.low <= auc.value <= auc.high <= 1
    if m > 1 and n > 1:
        by_positive, by_negative = wins.mean(axis=1), wins.mean(axis=0)
        variance = by_positive.var(ddof=1) / m + by_negative.var(ddof=1) / n
        if variance > 1e-12 and 0 < auc.value < 1:
            assert auc.standard_error == pytest.approx(np.sqrt(variance))


def test_auc_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat([0, 1], [60, 80])
    covered = 0
    for _ in range(400):
        latent = rng.normal(size=140) + 1.5 * labels
        auc = area_under_curve(labels, 1 / (1 + np.exp(-latent)))
        covered += auc.low <= 0.85559 <= auc.high  # Phi(1.5 / sqrt 2)
    assert 0.92 <= covered / 400 <= 0.98


def test_full_separation_is_not_reported_as_certain() -> None:
    auc = area_under_curve([0, 0, 0, 1, 1, 1, 1], [0.1, 0.2, 0.3, 0.7, 0.8, 0.9, 0.95])
    assert auc.value == auc.high == 1.0
    assert 0.3 < auc.low < 0.6
    assert np.isnan(auc.standard_error)


def test_auc_without_one_class_is_undefined() -> None:
    auc = area_under_curve([1, 1], [0.2, 0.9])
    assert np.isnan([auc.value, auc.low, auc.high]).all()
    assert (auc.n_positive, auc.n_negative) == (2, 0)


@given(films)
def test_roc_points_agree_with_scikit_learn(rows: list[tuple[int, float]]) -> None:
    labels, scores = split(rows)
    curve = roc_curve(labels, scores)
    fpr, tpr, thresholds = sklearn_roc_curve(labels, scores, drop_intermediate=False)
    np.testing.assert_allclose(curve.false_positive_rate, fpr)
    np.testing.assert_allclose(curve.sensitivity, tpr)
    np.testing.assert_allclose(curve.thresholds, thresholds)


@given(films, st.integers(1, 15))
def test_calibration_agrees_with_a_loop_over_bins(
    rows: list[tuple[int, float]], n_bins: int
) -> None:
    labels, scores = split(rows)
    result = calibration(labels, scores, n_bins=n_bins)
    error = 0.0
    for b in range(n_bins):
        inside = np.minimum((scores * n_bins).astype(int), n_bins - 1) == b
        assert result.observed.n[b] == inside.sum()
        if inside.any():
            gap = abs(scores[inside].mean() - labels[inside].mean())
            error += inside.mean() * gap
            assert result.mean_probability[b] == pytest.approx(scores[inside].mean())
        else:
            assert np.isnan(result.mean_probability[b])
            assert np.isnan(result.observed.value[b])
    assert result.expected_calibration_error == pytest.approx(error)
    assert result.brier_score == pytest.approx(brier_score_loss(labels, scores))


def test_calibration_of_nothing_is_undefined() -> None:
    assert np.isnan(calibration([], []).expected_calibration_error)


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([0, 1], [0.5], "equally long"),
        ([0, 2], [0.5, 0.5], "labels"),
        ([0, 1], [0.5, 1.5], "probabilities"),
        ([0, 1], [0.5, np.nan], "probabilities"),
        ([1, 1], [0.5, 0.6], "at least one positive and one negative"),
    ],
)
def test_bad_labels_or_scores_are_refused(labels, scores, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        roc_curve(labels, scores)
