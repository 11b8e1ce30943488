"""Films, networks and registered models for the tests of this room."""

import os
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from xray_assets.batch.scores import ScoringModel
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets_tests.serving.networks import write_artifact
from xray_assets_tests.serving.server_process import encoded, film_pixels

DIFFERENT = 20


def make_films(folder: Path, count: int) -> list[Path]:
    """`count` small JPEG films in sub-folders; only DIFFERENT of them differ in content."""
    made: list[Path] = []
    for number in range(count):
        film = folder / f"part-{number % 7}" / f"film-{number}.jpeg"
        film.parent.mkdir(parents=True, exist_ok=True)
        if number < DIFFERENT:
            film.write_bytes(encoded(film_pixels(number)))
        else:
            os.link(made[number % DIFFERENT], film)
        made.append(film)
    return made


def dense_network(seed: int) -> bytes:
    """64 hidden units over columns centred on their mean.

    As in the trained networks, the last bit of such a mean depends on the batch's size.
    """
    generator = np.random.default_rng(seed)

    def weights(name: str, *shape: int) -> onnx.TensorProto:
        values = generator.normal(0, 1 / shape[0] ** 0.5, shape)
        return numpy_helper.from_array(values.astype(np.float32), name)

    nodes = [
        helper.make_node("ReduceMean", ["films"], ["means"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["films", "means"], ["centred"]),
        helper.make_node("Flatten", ["centred"], ["flat"]),
        helper.make_node("Gemm", ["flat", "w1"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "w2"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["p"]),
        helper.make_node("Reshape", ["p", "shape"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("films", TensorProto.FLOAT, ["N", 64, 64])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"])],
        [
            weights("w1", 4096, 64),
            weights("w2", 64, 1),
            numpy_helper.from_array(np.array([-1]), "shape"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def make_model(cache: Path, *, version: int = 1, threshold: float = 0.5) -> ScoringModel:
    """A model as `chosen_model` answers; another version is another network."""
    artifact = write_artifact(cache, dense_network(version), threshold=threshold)
    return scoring_model(artifact, version)


def scoring_model(artifact: ServingArtifact, version: int) -> ScoringModel:
    return ScoringModel(
        model_name="c.models.dense",
        model_version=version,
        artifact_sha256=artifact.sha256,
        threshold=artifact.threshold,
        artifact_folder=artifact.folder,
    )
