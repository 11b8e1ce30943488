"""Metrics of confusion counts, against statsmodels and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from statsmodels.stats.proportion import proportion_confint

from xray_assets.statistics.intervals import wilson
from xray_assets.statistics.metrics import confusion_counts, confusion_metrics

counts = st.integers(0, 5000)


@given(k=counts, extra=counts, level=st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(k: int, extra: int, level: float) -> None:
    n = k + extra
    estimate = wilson(k, n, level=level)
    if n == 0:
        assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
        return
    low, high = proportion_confint(k, n, alpha=1 - level, method="wilson")
    assert estimate.low == pytest.approx(low, abs=1e-12)
    assert estimate.high == pytest.approx(high, abs=1e-12)
    assert estimate.low <= estimate.value <= estimate.high


@given(tp=counts, fp=counts, tn=counts, fn=counts)
def test_every_figure_lies_in_its_interval_or_is_undefined(
    tp: int, fp: int, tn: int, fn: int
) -> None:
    flat = confusion_metrics(tp, fp, tn, fn).flat()
    denominators = {
        "accuracy": tp + fp + tn + fn,
        "sensitivity": tp + fn,
        "specificity": tn + fp,
        "precision": tp + fp,
        "f1": tp + fp + fn,
    }
    for name, denominator in denominators.items():
        low, value, high = flat[f"{name}_low"], flat[name], flat[f"{name}_high"]
        if denominator == 0:
            assert np.isnan([low, value, high]).all(), name
        else:
            assert 0 <= low <= value <= high <= 1, name


def test_vectors_give_the_same_figures_as_one_matrix_at_a_time() -> None:
    rng = np.random.default_rng(3)
    tp, fp, tn, fn = rng.integers(0, 40, (4, 25))
    together = confusion_metrics(tp, fp, tn, fn).flat()
    assert len(together) == 15
    for i in range(25):
        alone = confusion_metrics(tp[i], fp[i], tn[i], fn[i]).flat()
        for name, column in together.items():
            np.testing.assert_array_equal(column[i], alone[name])


def test_counts_and_f1_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    truth, predicted = rng.integers(0, 2, (2, 300))
    metrics = confusion_metrics(**confusion_counts(truth, predicted))
    assert metrics.f1.value == pytest.approx(f1_score(truth, predicted))
    assert metrics.accuracy.value == pytest.approx(np.mean(truth == predicted))
    assert metrics.f1.n == np.sum((truth == 1) | (predicted == 1))


def test_f1_interval_covers_the_true_f1_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    p = np.array([0.35, 0.1, 0.45, 0.1])  # tp, fp, tn, fn
    tp, fp, tn, fn = rng.multinomial(120, p, 4000).T
    f1 = confusion_metrics(tp, fp, tn, fn).f1
    true = 2 * p[0] / (2 * p[0] + p[1] + p[3])
    covered = np.mean((f1.low <= true) & (true <= f1.high))
    assert 0.93 <= covered <= 0.97


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion_metrics(-1, 0, 0, 0), "negative"),
        (lambda: confusion_metrics(1.5, 0, 0, 0), "integers"),
        (lambda: wilson(3, 2), "between 0 and trials"),
        (lambda: wilson(1, 2, level=1.0), "level"),
        (lambda: confusion_counts([0, 1], [0]), "equally long"),
        (lambda: confusion_counts([0, 2], [0, 1]), "labels must be 0 or 1"),
    ],
)
def test_bad_counts_are_refused_with_a_reason(call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
