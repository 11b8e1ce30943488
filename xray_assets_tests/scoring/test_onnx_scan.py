import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from xray_assets.scoring.artifact import ArtifactError
from xray_assets.scoring.onnx_scan import refuse_unsafe
from xray_assets_tests.serving.networks import OPSET, film_mean_network, slow_network

NETWORK = film_mean_network(slope=1, offset=0)


def test_a_plain_network_passes_and_its_facts_are_read() -> None:
    facts = refuse_unsafe(NETWORK)
    assert facts.opsets == {"": OPSET}
    assert facts.operators == {"ReduceMean", "Mul", "Add", "Sigmoid"}


def edited(**opsets: int) -> onnx.ModelProto:
    return onnx.load_from_string(NETWORK)


def test_weights_in_another_file_are_refused(tmp_path: Path) -> None:
    model = onnx.load_from_string(slow_network(side=64, layers=1))
    onnx.save(
        model, tmp_path / "m.onnx", save_as_external_data=True, location="w", size_threshold=0
    )
    with pytest.raises(ArtifactError, match="another file"):
        refuse_unsafe((tmp_path / "m.onnx").read_bytes())


def test_weights_in_another_file_are_found_inside_a_constant() -> None:
    model = edited()
    tensor = numpy_helper.from_array(np.ones(3, np.float32), "c")
    tensor.data_location = TensorProto.EXTERNAL
    model.graph.node.append(helper.make_node("Constant", [], ["c"], value=tensor))
    with pytest.raises(ArtifactError, match="another file"):
        refuse_unsafe(model.SerializeToString())


@pytest.mark.parametrize("operator", ["Loop", "If", "Scan"])
def test_control_flow_is_refused(operator: str) -> None:
    model = edited()
    model.graph.node.append(helper.make_node(operator, [], ["x"]))
    with pytest.raises(ArtifactError, match="control flow"):
        refuse_unsafe(model.SerializeToString())


def test_foreign_operators_are_refused_declared_or_not() -> None:
    model = edited()
    model.graph.node.append(helper.make_node("Gelu", [], ["x"], domain="com.microsoft"))
    with pytest.raises(ArtifactError, match=r"com\.microsoft"):
        refuse_unsafe(model.SerializeToString())


@pytest.mark.parametrize("version", [1, 99])
def test_an_opset_that_cannot_be_served_is_refused(version: int) -> None:
    model = edited()
    model.opset_import[0].version = version
    with pytest.raises(ArtifactError, match=f"opset is {version}"):
        refuse_unsafe(model.SerializeToString())


@given(st.binary(max_size=300))
def test_any_other_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    with pytest.raises(ArtifactError):
        refuse_unsafe(data)


@given(st.integers(0, len(NETWORK) - 1), st.integers(0, 255))
def test_a_damaged_network_passes_or_is_refused(position: int, value: int) -> None:
    data = bytearray(NETWORK)
    data[position] = value
    with contextlib.suppress(ArtifactError):
        refuse_unsafe(bytes(data))
