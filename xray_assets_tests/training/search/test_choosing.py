"""The simplest finalist within one standard error of the best."""

import numpy as np
import pytest

from xray_assets.training.search.choosing import (
    Finalist,
    loss_and_error,
    simplest_within_one_error,
)


def one(name, parameters, loss, error=0.02):
    return Finalist(name, {}, parameters, np.zeros(1, np.float32), loss, error)


def test_a_simpler_one_is_taken_where_it_is_within_one_standard_error() -> None:
    best, near, far = one("best", 900, 0.10), one("near", 100, 0.119), one("far", 1, 0.121)
    assert simplest_within_one_error([far, best, near]) is near
    assert simplest_within_one_error([far, best]) is best
    assert simplest_within_one_error([best, one("equal", 900, 0.11)]) is best


def test_the_standard_error_counts_patients_and_not_their_films() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, 400).astype(np.float32)
    labels = (rng.random(400) < 0.5).astype(np.float32)
    loss, alone = loss_and_error(logits, labels, np.arange(400))
    losses = np.logaddexp(0, logits) - labels * logits
    assert (loss, alone) == pytest.approx((losses.mean(), losses.std(ddof=1) / 20), rel=1e-4)
    # The same films four times are no new evidence.
    four = [np.tile(part, 4) for part in (logits, labels, np.arange(400))]
    assert loss_and_error(*four) == pytest.approx((loss, alone), rel=1e-4)
