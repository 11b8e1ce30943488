"""A serving artifact says whether its network gives an embedding; it is held to that."""

import json

import numpy as np
import pytest

from xray_assets.scoring.artifact import (
    MANIFEST_FILE,
    PROBABILITY_ALONE,
    ArtifactError,
    ServingArtifact,
)
from xray_assets.scoring.session import OnnxClassifier
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

FILMS = np.random.default_rng(0).random((3, 64, 64), np.float32)
PLAIN = film_mean_network(slope=4, offset=-2)
EMBEDDING = film_mean_network(slope=4, offset=-2, embedding=True)


def test_format_two_gives_the_embedding_beside_the_same_probability(tmp_path):
    plain = OnnxClassifier(write_artifact(tmp_path, PLAIN))
    both = OnnxClassifier(write_artifact(tmp_path, EMBEDDING, embedding=True))
    probabilities, embedding = both.embeddings(FILMS)
    assert np.allclose(embedding, FILMS.mean(axis=1), atol=1e-6)
    assert np.array_equal(probabilities, plain.probabilities(FILMS))
    assert np.array_equal(both.probabilities(FILMS), plain.probabilities(FILMS))


def test_format_one_stays_valid_and_says_that_it_has_no_embedding(tmp_path):
    written = write_artifact(tmp_path, PLAIN)
    manifest = json.loads((written.folder / MANIFEST_FILE).read_text())
    del manifest["outputs"]  # as earlier releases wrote it
    (written.folder / MANIFEST_FILE).write_text(json.dumps(manifest))
    artifact = ServingArtifact.load(written.folder, expected_sha256=written.sha256)
    probabilities, embedding = OnnxClassifier(artifact).embeddings(FILMS)
    assert artifact.format == PROBABILITY_ALONE and embedding is None
    assert probabilities.shape == (3,)


@pytest.mark.parametrize(("onnx", "claimed"), [(PLAIN, True), (EMBEDDING, False)])
def test_a_network_that_gives_other_outputs_than_its_format_is_refused(tmp_path, onnx, claimed):
    with pytest.raises(ArtifactError, match="has signature"):
        OnnxClassifier(write_artifact(tmp_path, onnx, embedding=claimed))


def test_a_format_of_a_later_release_is_refused(tmp_path):
    written = write_artifact(tmp_path, EMBEDDING, embedding=True).folder / MANIFEST_FILE
    written.write_text(json.dumps(json.loads(written.read_text()) | {"format": 3}))
    with pytest.raises(ArtifactError, match="format 3"):
        ServingArtifact.load(written.parent)
