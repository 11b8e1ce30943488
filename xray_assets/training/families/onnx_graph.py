"""An ONNX graph written by hand, node by node: for what no framework exports."""

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from xray_assets.imaging.preprocess import MODEL_SIDE
from xray_assets.scoring.artifact import INPUT_NAME
from xray_assets.training.families.network import OPSET


class Graph:
    """An ONNX graph in the making: one input, the films."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._outputs: list[Any] = []

    def add(self, operation: str, *inputs: str, **attributes: Any) -> str:
        """One node; the name of what it makes."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, inputs, [name], **attributes))
        return name

    def constant(self, value: Any, kind: Any = np.float32) -> str:
        """A constant; its name."""
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name

    def pooled(self, maps: str, side: int) -> str:
        """Means over squares."""
        return self.add("AveragePool", maps, kernel_shape=[side, side], strides=[side, side])

    def summed_channels(self, maps: str) -> str:
        """(N, C, H, W) -> (N, 1, H, W)."""
        return self.add("ReduceSum", maps, self.constant([1], np.int64))

    def give(self, name: str, made: str, sizes: list[int]) -> None:
        """Name an output."""
        self._nodes.append(helper.make_node("Identity", [made], [name]))
        shape = ["films", *sizes]
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def model(self) -> onnx.ModelProto:
        """The finished model."""
        film = helper.make_tensor_value_info(
            INPUT_NAME, TensorProto.FLOAT, ["films", MODEL_SIDE, MODEL_SIDE]
        )
        graph = helper.make_graph(
            self._nodes, "graph", [film], self._outputs, initializer=self._constants
        )
        opset = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opset, ir_version=10)
