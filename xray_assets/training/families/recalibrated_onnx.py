"""A served network with its log odds rescaled: scale * z + shift, and nothing else changed.

Outputs beside the probability (an embedding) stay as they are.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from xray_assets.scoring.artifact import OUTPUT_NAME
from xray_assets.training.families.canonical_onnx import canonical

_SAME_NUMBERS = {"Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"}
_LEAST = 1e-7
"""Probabilities are kept so far from 0 and 1 where a network does not end in a sigmoid."""


def recalibrated(network: bytes, scale: float, shift: float) -> bytes:
    """The network whose probability is sigmoid(scale * z + shift) of its log odds z.

    Where it ends in a sigmoid, the affine map goes before it and costs no precision; else the log
    odds are taken of the probability. The result is canonical, so that it can be recalibrated
    again. Raises ValueError for a network of other outputs.
    """
    model = onnx.load_from_string(network)
    graph = model.graph
    made_by = {name: node for node in graph.node for name in node.output}
    if OUTPUT_NAME not in made_by:
        raise ValueError(f"the network has no output {OUTPUT_NAME}")
    node = made_by[OUTPUT_NAME]
    while node.op_type in _SAME_NUMBERS and node.input[0] in made_by:
        node = made_by[node.input[0]]
    constants = {"recalibration_scale": scale, "recalibration_shift": shift}
    if node.op_type == "Sigmoid":
        last = node.input[0]
        node.input[0] = "recalibrated"
        new = _affine(last, "recalibrated")
    else:
        last = made_by[OUTPUT_NAME]
        last.output[list(last.output).index(OUTPUT_NAME)] = "uncalibrated"
        constants |= {"least": _LEAST, "most": 1 - _LEAST, "one": 1.0}
        new = [
            helper.make_node("Clip", ["uncalibrated", "least", "most"], ["clipped"]),
            helper.make_node("Sub", ["one", "clipped"], ["other"]),
            helper.make_node("Div", ["clipped", "other"], ["odds"]),
            helper.make_node("Log", ["odds"], ["log_odds"]),
            *_affine("log_odds", "recalibrated"),
            helper.make_node("Sigmoid", ["recalibrated"], [OUTPUT_NAME]),
        ]
    graph.initializer.extend(
        numpy_helper.from_array(np.array(value, np.float32), name)
        for name, value in constants.items()
    )
    graph.node.extend(new)
    return canonical(model)


def _affine(source: str, to: str) -> list[onnx.NodeProto]:
    return [
        helper.make_node("Mul", [source, "recalibration_scale"], ["rescaled"]),
        helper.make_node("Add", ["rescaled", "recalibration_shift"], [to]),
    ]
