"""AUC and calibration from counts by bin, which days and models can be added up in."""

import numpy as np
import pytest

from xray_assets.statistics.calibration import bin_of, calibration_in_the_large
from xray_assets.statistics.resolution import BINS
from xray_assets.statistics.roc import area_under_counts, area_under_curve


def test_auc_and_calibration_from_bins_are_those_of_the_scores_to_a_bin() -> None:
    chance = np.random.default_rng(5)
    truth = chance.integers(0, 2, 2000)
    scores = np.clip(0.3 + 0.3 * truth + chance.normal(0, 0.2, 2000), 0, 1)
    counts = np.zeros((2, BINS), np.int64)
    np.add.at(counts, (truth, bin_of(scores)), 1)
    exact, binned = area_under_curve(truth, scores), area_under_counts(counts[0], counts[1])
    assert binned.value == pytest.approx(exact.value, abs=0.002)
    assert binned.low == pytest.approx(exact.low, abs=0.002)
    large = calibration_in_the_large(counts)
    assert large.value == pytest.approx(truth.mean() - scores.mean(), abs=0.5 / BINS)
    assert large.low < large.value < large.high
