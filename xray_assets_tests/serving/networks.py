"""Small real serving artifacts: sigmoid(a * mean(film) + b), and networks that misbehave on
purpose.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from xray_assets.imaging.preprocess import PREPROCESSING_VERSION
from xray_assets.scoring.artifact import ServingArtifact

OPSET = 17


def _model(
    nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto], *, embedding: bool = False
) -> bytes:
    outputs = [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"])]
    if embedding:
        nodes.append(helper.make_node("ReduceMean", ["films"], ["embedding"], axes=[1], keepdims=0))
        outputs.append(helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 64]))
    graph = helper.make_graph(
        nodes,
        "film_mean",
        [helper.make_tensor_value_info("films", TensorProto.FLOAT, ["N", 64, 64])],
        outputs,
        initializers,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def film_mean_network(*, slope: float, offset: float, embedding: bool = False) -> bytes:
    """sigmoid(slope * mean + offset); its embedding is the mean of each column."""
    return _model(
        [
            helper.make_node("ReduceMean", ["films"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Mul", ["mean", "slope"], ["scaled"]),
            helper.make_node("Add", ["scaled", "offset"], ["logit"]),
            helper.make_node("Sigmoid", ["logit"], ["probability"]),
        ],
        [
            numpy_helper.from_array(np.float32(slope), "slope"),
            numpy_helper.from_array(np.float32(offset), "offset"),
        ],
        embedding=embedding,
    )


def dark_films_fail_network() -> bytes:
    """NaN for films darker than 0.2 on average (but not for black ones, which start-up checks
    send).
    """
    return _model(
        [
            helper.make_node("ReduceMean", ["films"], ["mean"], axes=[1, 2], keepdims=0),
            helper.make_node("Sub", ["mean", "dark"], ["over"]),
            helper.make_node("Mul", ["over", "mean"], ["sign"]),  # negative for 0 < mean < dark
            helper.make_node("Sqrt", ["sign"], ["root"]),
            helper.make_node("Sigmoid", ["root"], ["probability"]),
        ],
        [numpy_helper.from_array(np.float32(0.2), "dark")],
    )


def slow_network(*, side: int = 1500, layers: int = 24) -> bytes:
    """Takes tens to hundreds of milliseconds a film: a chain of large matrix products."""
    weight = np.full((side, side), 1.0 / side, np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["films"], ["mean"], axes=[1, 2], keepdims=1),
        helper.make_node("Mul", ["mean", "ones"], ["state0"]),
    ]
    nodes += [
        helper.make_node("MatMul", [f"state{index}", "weight"], [f"state{index + 1}"])
        for index in range(layers)
    ]
    nodes += [
        helper.make_node("ReduceMean", [f"state{layers}"], ["level"], axes=[1, 2], keepdims=0),
        helper.make_node("Sigmoid", ["level"], ["probability"]),
    ]
    ones = np.ones((1, 64, side), np.float32)
    return _model(
        nodes, [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(ones, "ones")]
    )


def write_artifact(
    cache: Path,
    onnx_bytes: bytes,
    *,
    threshold: float = 0.5,
    family: str = "keras",
    embedding: bool = False,
) -> ServingArtifact:
    """The artifact in the content-addressed cache, as training would leave it."""
    draft = ServingArtifact.write(
        cache / "draft",
        onnx=onnx_bytes,
        threshold=threshold,
        preprocessing_version=PREPROCESSING_VERSION,
        family=family,
        opset=OPSET,
        embedding=embedding,
    )
    folder = cache / draft.sha256
    if not folder.exists():
        (cache / "draft").rename(folder)
    return ServingArtifact.load(folder, expected_sha256=draft.sha256)
