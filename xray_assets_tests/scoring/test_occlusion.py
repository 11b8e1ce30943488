"""Occlusion maps: what the score depends on."""

from pathlib import Path

import numpy as np
import pytest

from xray_assets.scoring.occlusion import occlusion
from xray_assets.scoring.session import OnnxClassifier
from xray_assets_tests.serving.networks import film_mean_network, write_artifact


def test_covering_what_speaks_for_pneumonia_lowers_the_score_there_and_nowhere_else(
    tmp_path: Path,
) -> None:
    classifier = OnnxClassifier(write_artifact(tmp_path, film_mean_network(slope=40.0, offset=-2)))
    film = np.zeros((64, 64), np.float32)
    film[8:16, 40:48] = 1.0
    grid = occlusion(classifier, film)
    assert grid.shape == (13, 13) and grid.dtype == np.float32
    row, column = np.unravel_index(grid.argmax(), grid.shape)
    assert row * 4 <= 8 and row * 4 + 16 >= 16 and column * 4 <= 40 and column * 4 + 16 >= 48
    assert grid.max() > 0 > grid[12, 0]
    whole = classifier.probabilities(film[None])[0]
    film[:16, :16] = film.mean()
    assert grid[0, 0] == pytest.approx(whole - classifier.probabilities(film[None])[0], abs=1e-6)
