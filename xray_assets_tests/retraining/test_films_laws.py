"""Which films a model learns from and which judge it: nobody is ever on two sides."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.retraining.films.golden import first_version, next_version
from xray_assets.retraining.films.splits import SHARES, split_of, with_splits
from xray_assets.retraining.films.training_set import (
    CUMULATIVE,
    FILM,
    MIX,
    digest,
    of_dataset,
    of_production,
    sides_shared,
    training_set,
)
from xray_assets.retraining.films.truths import TRUTHS, effective_size, with_weights


def data_set(patients: int) -> pl.DataFrame:
    """silver.xray_metadata with patient keys: two films a patient, splits 7 : 1 : 2."""
    numbers = range(2 * patients)
    splits = ["train"] * 7 + ["val"] + ["test"] * 2
    return pl.DataFrame(
        {
            "image_id": [f"film-{n}" for n in numbers],
            "file_path": [f"/films/{n}" for n in numbers],
            "pixel_sha256": [f"pixels-{n}" for n in numbers],
            "label": [n // 2 % 2 for n in numbers],
            "subtype": pl.Series([None for _ in numbers], dtype=pl.String),
            "patient_key": [f"patient-{n // 2}" for n in numbers],
            "dataset_split": [splits[n // 4 % 10] for n in numbers],
        },
        schema_overrides={"label": pl.Int32},
    )


def truths(count: int, *, first: int = 0, chance: float = 0.1) -> pl.DataFrame:
    numbers = range(first, first + count)
    columns = {
        "request_id": [f"r-{n}" for n in numbers],
        "case_key": [f"case-{n}" for n in numbers],
        "image_sha256": [f"sent-{n}" for n in numbers],
        "site": ["A"] * count,
        "scored_at": pl.Series([None] * count, dtype=TIMESTAMP),
        "chance": [chance] * count,
        "label": [n % 2 for n in numbers],
        "truth_source": ["consensus"] * count,
        "n_readers": [1] * count,
        "read_rank": list(numbers),
    }
    return pl.DataFrame(columns, schema=TRUTHS)


def production(films: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    places = {digest: f"/kept/{digest}" for digest in found["image_sha256"]}
    return of_production(found, of_dataset(films), places, floor=0.1)


def test_a_patient_stays_on_one_side_for_ever_in_the_shares_that_are_told() -> None:
    splits = [split_of(f"key-{n}") for n in range(20_000)]
    assert splits == [split_of(f"key-{n}") for n in range(20_000)]
    for name, share in SHARES:
        assert splits.count(name) / len(splits) == pytest.approx(share, abs=0.01)


def test_a_patient_of_both_sources_is_where_the_data_set_has_them() -> None:
    films = pl.DataFrame({"patient_key": [f"key-{n}" for n in range(50)]})
    assert set(with_splits(films, {f"key-{n}": "test" for n in range(50)})["dataset_split"]) == {
        "test"
    }


@settings(max_examples=30)
@given(
    patients=st.integers(40, 120),
    count=st.integers(0, 300),
    mix=st.sampled_from([CUMULATIVE, MIX]),
)
def test_no_set_holds_a_test_or_golden_film_or_a_patient_of_theirs(patients, count, mix) -> None:
    films = data_set(patients)
    golden = first_version(films)
    chosen = training_set(of_dataset(films), production(films, truths(count)), mix)
    test = films.filter(dataset_split="test")
    held_out = pl.concat([frame.select("patient_key", "pixel_sha256") for frame in (test, golden)])
    assert not any(sides_shared(chosen, held_out).values())
    assert set(chosen["dataset_split"]) <= {"train", "val"}
    assert digest(chosen) == digest(chosen.sample(fraction=1, shuffle=True, seed=1))


def test_the_check_counts_patients_pictures_and_sides() -> None:
    films = data_set(40)
    chosen = training_set(of_dataset(films), production(films, truths(50)), CUMULATIVE)
    one = chosen.head(1)
    other_side = one.with_columns(image_id=pl.lit("other"), dataset_split=pl.lit("val"))
    found = sides_shared(pl.concat([chosen, other_side]), one.select("patient_key", "pixel_sha256"))
    assert found == {
        "patients_on_two_sides": 1,
        "patient_key_held_out": 1,
        "pixel_sha256_held_out": 1,
    }


def test_seventy_thirty_is_seventy_thirty_of_each_class_and_always_the_same_films() -> None:
    films = data_set(600)
    new = production(films, truths(400))
    chosen = training_set(of_dataset(films), new, MIX)
    old = chosen.filter(source="dataset")
    assert old.height / chosen.height == pytest.approx(0.3, abs=0.02)
    assert old["label"].mean() == pytest.approx(0.5, abs=0.03)
    assert digest(chosen) == digest(training_set(of_dataset(films), new, MIX))
    everything = training_set(of_dataset(films), new, CUMULATIVE)
    assert everything.filter(source="dataset").height == 2 * 480


def test_a_film_that_the_data_set_holds_and_one_that_is_gone_are_left_out() -> None:
    films = data_set(40)
    known = truths(2).with_columns(image_sha256=pl.lit("pixels-3"))
    assert production(films, known.head(1)).is_empty()
    assert of_production(truths(5), of_dataset(films), {}, floor=0.1).is_empty()
    assert production(films, truths(5)).columns == list(FILM)


@given(st.lists(st.sampled_from([0.03, 0.1, 0.5, 1.0]), min_size=1, max_size=60))
def test_weights_are_one_in_the_mean_and_no_read_counts_for_more_than_the_floor_lets(
    chances,
) -> None:
    found = truths(len(chances)).with_columns(chance=pl.Series(chances, dtype=pl.Float64))
    weights = with_weights(found, floor=0.1)["weight"]
    assert weights.mean() == pytest.approx(1)
    raw = np.minimum(1 / np.array(chances), 10)
    np.testing.assert_allclose(weights / weights.max(), raw / raw.max())
    assert 0 < effective_size(weights) <= len(chances) + 1e-9


def test_golden_versions_share_no_patient_and_hold_one_film_of_each() -> None:
    films = data_set(600)
    first = first_version(films)
    assert first["patient_key"].n_unique() == first.height
    assert first.height == pytest.approx(60, abs=25)
    new = production(films, truths(600))
    second = next_version(films, new, first)
    assert set(first["patient_key"]) & set(second["patient_key"]) == set()
    assert second["patient_key"].n_unique() == second.height
    assert {*second["source"]} == {"dataset", "production"}
    assert (
        set(new.filter(pl.col("dataset_split") != "test")["patient_key"])
        & set(second["patient_key"])
        == set()
    )
    assert next_version(films.head(10), new.clear(), first).is_empty()  # too few: it waits
