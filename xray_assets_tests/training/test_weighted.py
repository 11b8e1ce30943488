"""Films of unequal weight: drawn as often as they weigh, in training and in validation."""

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


def test_equal_weights_leave_every_film_and_unequal_ones_weigh_the_validation_films(tmp_path):
    films = write_films(tmp_path / "films")
    loaded = {}
    for name, weight in (("none", None), ("equal", pl.lit(2.0)), ("sick", pl.col("label") + 1.0)):
        path = tmp_path / f"{name}.parquet"
        (films if weight is None else films.with_columns(weight=weight)).write_parquet(path)
        loaded[name] = load_splits(str(path), seed=0, limit=None, threads=1)
    assert loaded["equal"].train.weights is None
    np.testing.assert_array_equal(loaded["none"].train.images, loaded["equal"].train.images)
    assert loaded["none"].validation.labels.mean() == 0.5
    assert loaded["sick"].validation.labels.mean() == pytest.approx(2 / 3, abs=0.1)
    assert loaded["sick"].train.weights.sum() == pytest.approx(1.5 * len(loaded["sick"].train))
    assert len(loaded["sick"].test) == len(loaded["none"].test)  # judged as it is
