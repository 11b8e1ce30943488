"""The filter bank: oriented gradients under one logistic layer, as numpy and as ONNX."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.training.families import filterbank
from xray_assets.training.families.ensemble import Ensemble
from xray_assets.training.families.filterbank import BankPlan, histograms
from xray_assets.training.families.network import OPSET
from xray_assets.training.films import Films


def stripes(*, across):
    """A film whose gradients all lie across, or all lie down."""
    wave = np.tile(np.sin(np.arange(64) / 2), (64, 1)).astype(np.float32)
    return (wave if across else wave.T)[None]


@pytest.fixture(scope="module")
def films():
    """Noise with stripes: across the film where there is pneumonia, down it where there is none."""
    rng = np.random.default_rng(0)
    labels = (np.arange(48) % 2).astype(np.float32)
    images = np.concatenate([stripes(across=label == 1) for label in labels]) * np.float32(0.6)
    images += rng.normal(0.5, 0.3, images.shape).astype(np.float32)
    return Films(images, labels, np.arange(48))


@pytest.fixture(scope="module")
def bank(films):
    return filterbank.fitted(films.where(np.arange(48) < 24))


@pytest.fixture(scope="module")
def exported(bank, tmp_path_factory):
    artifact = ServingArtifact.write(
        tmp_path_factory.mktemp("bank"),
        onnx=Ensemble((bank,)).onnx(),
        threshold=0.5,
        preprocessing_version="1",
        family="filterbank",
        opset=OPSET,
        embedding=True,
    )
    return OnnxClassifier(artifact)


def test_a_gradient_counts_most_in_the_bin_of_its_direction():
    for across, strongest, weakest in ((True, 0, 2), (False, 2, 0)):
        (cells,) = histograms(stripes(across=across), BankPlan(orientations=4, cells=(8,)))
        strength = cells.mean((0, 2, 3))
        assert strength.argmax() == strongest
        assert strength[weakest] < 1e-5


def test_the_bank_tells_apart_unseen_films_by_the_direction_of_their_gradients(bank, films):
    unseen = films.where(np.arange(48) >= 24)
    assert np.array_equal(bank.logits(unseen.images) > 0, unseen.labels == 1)


def test_what_regions_add_sums_to_the_log_odds(bank, films):
    regions = bank.embedding(films.images)
    assert regions.shape == (len(films), EMBEDDING_SIZE)
    assert np.ptp(bank.logits(films.images) - regions.sum(1)) < 1e-4  # the bias


@given(
    arrays(np.float32, (2, 64, 64), elements=st.floats(0, 1, width=32), fill=st.just(0.5)),
    st.floats(0, 1),
)
def test_the_export_equals_numpy_on_any_film_and_on_films_of_one_grey(bank, exported, films, grey):
    films = np.concatenate([films, np.full((1, 64, 64), grey, np.float32)])
    probabilities, regions = exported.embeddings(films)
    assert np.abs(probabilities - Ensemble((bank,)).probabilities(films)).max() <= 1e-5
    assert np.abs(regions - bank.embedding(films)).max() <= 1e-4


def test_films_that_weigh_more_are_followed_more(films):
    heavy = replace(films, weights=np.where(films.labels == 1, 9.0, 1.0))
    plain, followed = filterbank.fitted(films), filterbank.fitted(heavy)
    assert followed.logits(films.images).mean() > plain.logits(films.images).mean()
