import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from xray_assets.training.families.canonical_onnx import canonical

FILMS = np.random.default_rng(0).random((3, 4, 4), np.float32)


def network(*, names=("a", "b", "c"), swapped=False, note="", unused=False):
    """sigmoid(mean(films) * scale - mean(films) + offset), in any order and with any names."""
    first, second, third = names
    nodes = [
        helper.make_node("ReduceMean", ["films"], [first], axes=[1, 2], keepdims=0, name=note),
        helper.make_node("Mul", [first, "scale"], [second], doc_string=note),
        helper.make_node("Sub", [second, first], [third]),
        helper.make_node("Add", [third, "offset"], ["sum"]),
        helper.make_node("Sigmoid", ["sum"], ["probability"]),
    ]
    weights = [
        numpy_helper.from_array(np.float32(3), "scale"),
        numpy_helper.from_array(np.float32(-1), "offset"),
    ]
    if unused:
        weights.append(numpy_helper.from_array(np.float32(9), "nobody"))
        nodes.insert(1, helper.make_node("Neg", [first], ["nowhere"]))
    graph = helper.make_graph(
        nodes,
        note or "graph",
        [helper.make_tensor_value_info("films", TensorProto.FLOAT, ["N", 4, 4])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"])],
        weights[::-1] if swapped else weights,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def scores(data):
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(["probability"], {"films": FILMS})[0]


def test_the_canonical_network_answers_as_the_exported_one():
    model = network()
    assert np.array_equal(scores(canonical(model)), scores(model.SerializeToString()))
    onnx.checker.check_model(onnx.load_from_string(canonical(model)))


def test_names_order_notes_and_leftovers_change_no_byte():
    expected = canonical(network())
    assert canonical(network(names=("z", "y", "x"))) == expected
    assert canonical(network(swapped=True, note="/home/someone/net.py", unused=True)) == expected


def test_another_weight_changes_the_bytes():
    other = network()
    other.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.float32(4), "scale"))
    assert canonical(other) != canonical(network())


def test_control_flow_is_refused():
    model = network()
    branch = helper.make_graph([], "branch", [], [])
    model.graph.node.append(helper.make_node("If", ["sum"], ["x"], then_branch=branch))
    with pytest.raises(ValueError, match="control flow"):
        canonical(model)
