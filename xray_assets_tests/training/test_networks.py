import numpy as np
import pytest

from xray_assets.catalog import EMBEDDING_SIZE, FAMILIES
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.families import build
from xray_assets.training.families.canonical_onnx import canonical
from xray_assets.training.films import load_splits
from xray_assets.training.fitting import Method, fit, sigmoid
from xray_assets_tests.training.small_films import write_films

EVERY_FAMILY = pytest.mark.parametrize("family", sorted(FAMILIES))
PLAN = TrainingPlan(epochs=1)


@pytest.fixture(scope="module")
def splits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    write_films(folder).write_parquet(folder / "films.parquet")
    return load_splits(str(folder / "films.parquet"), seed=0, limit=None, threads=1)


def trained(family, splits, *, seed=0, plan=PLAN):
    network = build(family, seed=seed, threads=1)
    history = fit(
        network,
        splits.train,
        splits.validation,
        plan.model_copy(update={"seed": seed}),
        method=Method(least_steps=1),
    )
    return network, history


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def once(request, splits):
    """A family, its trained network and the history; not to be changed."""
    return request.param, *trained(request.param, splits)


def test_the_same_seed_gives_the_same_network_and_another_seed_another(once, splits):
    family, one, history = once
    same, same_history = trained(family, splits)
    other, _ = trained(family, splits, seed=1)
    films = splits.test.images
    assert history == same_history
    assert np.array_equal(one.logits(films), same.logits(films))
    assert not np.array_equal(one.logits(films), other.logits(films))


def test_the_exported_network_equals_the_native_one_whatever_the_batch(once, splits, tmp_path):
    family, network, _ = once
    exported, opset = network.onnx()
    artifact = ServingArtifact.write(
        tmp_path,
        onnx=canonical(exported),
        threshold=0.5,
        preprocessing_version="1",
        family=family,
        opset=opset,
        embedding=True,
    )
    served, films = OnnxClassifier(artifact), splits.test.images
    native = network.probabilities(films)
    assert native.shape == (len(films),)
    assert np.abs(served.probabilities(films) - native).max() <= 1e-5
    one_by_one = np.concatenate([served.probabilities(films[i : i + 1]) for i in range(len(films))])
    assert np.abs(one_by_one - native).max() <= 1e-5


def test_the_embedding_is_what_the_last_layer_is_given(once, splits, tmp_path):
    family, network, _ = once
    exported, opset = network.onnx()
    artifact = ServingArtifact.write(
        tmp_path,
        onnx=canonical(exported),
        threshold=0.5,
        preprocessing_version="1",
        family=family,
        opset=opset,
        embedding=True,
    )
    films = splits.test.images
    probabilities, embedding = OnnxClassifier(artifact).embeddings(films)
    assert embedding is not None and embedding.shape == (len(films), EMBEDDING_SIZE)
    assert np.abs(probabilities - network.probabilities(films)).max() <= 1e-5
    logits = network.logits(films)
    fitted = np.column_stack([embedding, np.ones(len(films))])
    left = logits - fitted @ np.linalg.lstsq(fitted, logits, rcond=None)[0]
    assert np.abs(left).max() <= 1e-3


@EVERY_FAMILY
def test_a_calibration_rescales_the_log_odds_and_reaches_the_probabilities(family, splits):
    network, _ = trained(family, splits)
    films = splits.test.images
    before = network.logits(films)
    network.rescale_logits(0.4, 1.5)
    assert np.allclose(network.logits(films), 0.4 * before + 1.5, atol=1e-5)
    assert np.allclose(network.probabilities(films), sigmoid(0.4 * before + 1.5), atol=1e-5)


def test_brightness_and_contrast_of_a_film_do_not_matter(once, splits):
    _, network, _ = once
    films = splits.test.images
    dimmed = (films * np.float32(0.6) + np.float32(0.2)).astype(np.float32)
    assert np.abs(network.probabilities(dimmed) - network.probabilities(films)).max() < 0.05


@EVERY_FAMILY
def test_weights_come_back_as_they_were_set_and_are_copies(family, splits):
    network = build(family, seed=0, threads=1)
    kept = network.weights()
    network.step(splits.train.images[:8], splits.train.labels[:8], 0.01)
    assert not all(np.array_equal(a, b) for a, b in zip(kept, network.weights(), strict=True))
    network.set_weights(kept)
    assert all(np.array_equal(a, b) for a, b in zip(kept, network.weights(), strict=True))


@EVERY_FAMILY
def test_both_families_have_the_same_size(family):
    assert build(family, seed=0, threads=1).describe()["parameters"] == 821_761
