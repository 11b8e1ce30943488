import numpy as np
import pytest

from xray_assets.catalog import EMBEDDING_SIZE, FAMILIES
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.evaluation import LogitCalibration
from xray_assets.training.families import build, filterbank
from xray_assets.training.families.ensemble import Ensemble
from xray_assets.training.families.network import OPSET
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
    curve = fit(
        network,
        splits.learned,
        plan.model_copy(update={"seed": seed}),
        validation=splits.test,
        method=Method(least_steps=1),
    )
    return network, curve


@pytest.fixture(scope="module", params=sorted(FAMILIES))
def once(request, splits):
    """A family, its trained network and the curve; not to be changed."""
    return request.param, *trained(request.param, splits)


def test_the_same_seed_gives_the_same_network_and_another_seed_another(once, splits):
    family, one, curve = once
    same, same_curve = trained(family, splits)
    other, _ = trained(family, splits, seed=1)
    films = splits.test.images
    assert curve == same_curve
    assert np.array_equal(one.logits(films), same.logits(films))
    assert not np.array_equal(one.logits(films), other.logits(films))


def test_network_and_bank_are_exported_as_one_network_of_their_mean_log_odds(
    once, splits, tmp_path
):
    family, network, _ = once
    bank, films = filterbank.fitted(splits.learned), splits.test.images
    both = Ensemble((network, bank)).calibrated(LogitCalibration(0.4, 1.5))
    mean = (network.logits(films) + bank.logits(films)) / 2
    assert np.allclose(both.logits(films), 0.4 * mean + 1.5, atol=1e-5)
    again = both.calibrated(LogitCalibration(2.0, -1.0))
    assert np.allclose(again.logits(films), 2 * (0.4 * mean + 1.5) - 1, atol=1e-5)

    artifact = ServingArtifact.write(
        tmp_path,
        onnx=both.onnx(),
        threshold=0.5,
        preprocessing_version="1",
        family=family,
        opset=OPSET,
        embedding=True,
    )
    served, native = OnnxClassifier(artifact), sigmoid(both.logits(films))
    probabilities, embedding = served.embeddings(films)
    assert np.abs(probabilities - native).max() <= 1e-5
    one_by_one = np.concatenate([served.probabilities(films[i : i + 1]) for i in range(len(films))])
    assert np.abs(one_by_one - native).max() <= 1e-5

    assert embedding is not None and embedding.shape == (len(films), EMBEDDING_SIZE)
    logits, given = network.logits(films), np.column_stack([embedding, np.ones(len(films))])
    left = logits - given @ np.linalg.lstsq(given, logits, rcond=None)[0]
    assert np.abs(left).max() <= 1e-3  # the network's last layer is linear in its embedding


def test_brightness_and_contrast_of_a_film_do_not_matter(once, splits):
    _, network, _ = once
    films = splits.test.images
    dimmed = (films * np.float32(0.6) + np.float32(0.2)).astype(np.float32)
    assert np.abs(sigmoid(network.logits(dimmed)) - sigmoid(network.logits(films))).max() < 0.05


@EVERY_FAMILY
def test_weights_come_back_as_they_were_set_and_are_copies(family, splits):
    network = build(family, seed=0, threads=1)
    kept = network.weights()
    network.step(splits.learned.images[:8], splits.learned.labels[:8], 0.01)
    assert not all(np.array_equal(a, b) for a, b in zip(kept, network.weights(), strict=True))
    network.set_weights(kept)
    assert all(np.array_equal(a, b) for a, b in zip(kept, network.weights(), strict=True))


@EVERY_FAMILY
def test_both_families_have_the_same_size(family):
    assert build(family, seed=0, threads=1).describe()["parameters"] == 173_505
