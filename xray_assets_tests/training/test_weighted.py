"""Films of unequal weight: drawn as often as they weigh, in training and in calibration."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.training.films import load_splits
from xray_assets.training.weighted import drawn_by_weight
from xray_assets_tests.training.small_films import write_films


@given(
    weights=st.lists(st.floats(0, 50), min_size=1, max_size=60).filter(lambda all_: sum(all_) > 1),
    count=st.integers(1, 200),
    start=st.floats(0, 0.999),
)
def test_a_film_is_drawn_as_often_as_it_weighs_to_within_one(weights, count, start) -> None:
    drawn = np.bincount(
        drawn_by_weight(np.array(weights), count, start=start), minlength=len(weights)
    )
    assert drawn.sum() == count
    expected = count * np.array(weights) / sum(weights)
    assert np.all(np.abs(drawn - expected) < 1 + 1e-6)


def test_weights_that_say_nothing_are_refused() -> None:
    for weights in ([], [0.0, 0.0], [1.0, -1.0]):
        with pytest.raises(ValueError, match="weights"):
            drawn_by_weight(np.array(weights), 3)


def test_equal_weights_leave_every_film_and_unequal_ones_weigh_what_is_calibrated_on(tmp_path):
    films = write_films(tmp_path / "films")
    loaded = {}
    for name, weight in (
        ("none", None),
        ("equal", pl.lit(2.0)),
        ("sick", pl.col("label") * 3 + 1.0),
    ):
        path = tmp_path / f"{name}.parquet"
        (films if weight is None else films.with_columns(weight=weight)).write_parquet(path)
        loaded[name] = load_splits(str(path), seed=0, limit=None, threads=1)
    learned = {name: splits.learned for name, splits in loaded.items()}
    assert learned["equal"].weights is None
    assert learned["equal"].drawn().tolist() == list(range(len(learned["equal"])))
    np.testing.assert_array_equal(learned["none"].images, learned["equal"].images)
    drawn = learned["sick"].labels[learned["sick"].drawn()]
    assert drawn.mean() == pytest.approx(4 / 5, abs=0.05)
    assert learned["sick"].weights.sum() == pytest.approx(2.5 * len(learned["sick"]))
    assert len(loaded["sick"].test) == len(loaded["none"].test)  # judged as it is
