from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.training.films import FilmsError, limited, load_splits
from xray_assets_tests.training.small_films import write_films


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return write_films(tmp_path_factory.mktemp("films"), splits={"train": 12, "val": 6, "test": 6})


def load(tmp_path, manifest, *, seed=0, limit=None):
    manifest.write_parquet(tmp_path / "films.parquet")
    return load_splits(str(tmp_path / "films.parquet"), seed=seed, limit=limit, threads=2)


def test_each_film_is_decoded_as_serving_decodes_it(tmp_path, manifest):
    splits = load(tmp_path, manifest)
    rows = manifest.filter(pl.col("dataset_split") == "test").sort("image_id")
    expected = [model_input(decode(Path(path).read_bytes())) for path in rows["file_path"]]
    assert np.array_equal(splits.test.images, np.stack(expected))
    assert splits.test.labels.tolist() == rows["label"].to_list()


def test_the_order_of_the_manifest_changes_nothing(tmp_path, manifest):
    one, other = load(tmp_path, manifest), load(tmp_path, manifest.reverse())
    assert np.array_equal(one.learned.images, other.learned.images)
    assert one.manifest_sha256 == other.manifest_sha256


def test_the_splits_train_and_val_are_learned_from_and_test_is_kept_apart(tmp_path, manifest):
    splits = load(tmp_path, manifest)
    assert splits.counts == {"train": 12, "val": 6, "test": 6}
    assert (len(splits.learned), len(splits.test)) == (18, 6)
    assert not set(splits.learned.patients) & set(splits.test.patients)


def test_a_limit_bounds_what_is_learned_from_and_keeps_it_balanced(tmp_path, manifest):
    splits = load(tmp_path, manifest, limit=4)
    assert splits.learned.labels.tolist().count(1.0) == 2
    assert (len(splits.learned), len(splits.test), sum(splits.counts.values())) == (4, 6, 10)


def test_another_seed_takes_other_films(tmp_path, manifest):
    digests = {load(tmp_path, manifest, limit=4, seed=seed).manifest_sha256 for seed in range(4)}
    assert len(digests) > 1


@settings(deadline=None)
@given(
    labels=st.lists(st.sampled_from([0, 1]), min_size=2, max_size=40),
    limit=st.integers(2, 30),
    seed=st.integers(0, 3),
)
def test_films_that_come_later_never_push_out_more_than_they_bring(labels, limit, seed):
    films = pl.DataFrame({"image_id": [f"i{i}" for i in range(len(labels))], "label": labels})
    before = set(limited(films[:-1], limit=limit, seed=seed)["image_id"])
    after = set(limited(films, limit=limit, seed=seed)["image_id"])
    if limit < len(films) - 1:
        assert len(before - after) <= 1
        assert len(after) <= limit


def with_split(manifest, condition, split):
    return manifest.with_columns(
        pl.when(condition).then(pl.lit(split)).otherwise("dataset_split").alias("dataset_split")
    )


def test_a_patient_in_two_splits_stops_the_training(tmp_path, manifest):
    shared = manifest.with_columns(
        patient_id=pl.when(pl.col("image_id").is_in(["train000", "test000"]))
        .then(pl.lit("shared"))
        .otherwise("patient_id")
    )
    with pytest.raises(FilmsError, match="more than one split"):
        load(tmp_path, shared)


def test_a_split_without_a_class_stops_the_training_and_is_named(tmp_path, manifest):
    no_sick = manifest.filter((pl.col("dataset_split") != "val") | (pl.col("label") == 0))
    with pytest.raises(FilmsError, match="the val split needs films of both classes"):
        load(tmp_path, no_sick)


def test_an_unknown_split_or_a_missing_column_is_named(tmp_path, manifest):
    with pytest.raises(FilmsError, match="holdout"):
        load(tmp_path, with_split(manifest, pl.col("image_id") == "val000", "holdout"))
    with pytest.raises(FilmsError, match="patient_id"):
        load(tmp_path, manifest.drop("patient_id"))


@pytest.mark.parametrize("content", [b"", b"no film", None])
def test_a_film_that_cannot_be_read_is_named(tmp_path, manifest, content):
    bad = tmp_path / "bad.png"
    if content is not None:
        bad.write_bytes(content)
    first = pl.when(pl.col("image_id") == "val000")
    broken = manifest.with_columns(file_path=first.then(pl.lit(str(bad))).otherwise("file_path"))
    with pytest.raises(FilmsError, match=r"bad\.png"):
        load(tmp_path, broken)
