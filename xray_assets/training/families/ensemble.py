"""Several fitted members as one classifier, and as one ONNX network.

Members are averaged in log odds, and the calibration is part of the average.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import compose, helper, numpy_helper

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.scoring.artifact import EMBEDDING_NAME, OUTPUT_NAME
from xray_assets.training.evaluation import LogitCalibration
from xray_assets.training.families.canonical_onnx import canonical
from xray_assets.training.families.network import LOGIT_NAME, Array, Member
from xray_assets.training.fitting import sigmoid


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Log odds: scale * mean of the members' + shift. The first member gives the embedding."""

    members: tuple[Member, ...]
    scale: float = 1.0
    shift: float = 0.0

    def logits(self, films: Array) -> Array:
        """(N,) log odds of pneumonia."""
        mean = np.mean([member.logits(films) for member in self.members], axis=0)
        return (np.float32(self.scale) * mean + np.float32(self.shift)).astype(np.float32)

    def probabilities(self, films: Array) -> NDArray[np.float64]:
        """(N,) probabilities from the members themselves: what the export must equal."""
        return sigmoid(self.logits(films))

    def calibrated(self, by: LogitCalibration) -> "Ensemble":
        """The same members with log odds that are moved once more."""
        return replace(self, scale=self.scale * by.scale, shift=self.shift * by.scale + by.shift)

    def onnx(self) -> bytes:
        """Canonical network: "films" -> "probability" (N,) and "embedding" (N, EMBEDDING_SIZE)."""
        models = [
            compose.add_prefix(member.onnx(), f"{number}/", rename_inputs=False)
            for number, member in enumerate(self.members)
        ]
        weight = numpy_helper.from_array(np.array(self.scale / len(models), np.float32), "weight")
        shift = numpy_helper.from_array(np.array(self.shift, np.float32), "shift")
        odds = [f"{number}/{LOGIT_NAME}" for number in range(len(models))]
        joined = [
            helper.make_node("Sum", odds, ["sum"]),
            helper.make_node("Mul", ["sum", "weight"], ["weighed"]),
            helper.make_node("Add", ["weighed", "shift"], ["moved"]),
            helper.make_node("Sigmoid", ["moved"], [OUTPUT_NAME]),
            helper.make_node("Identity", [f"0/{EMBEDDING_NAME}"], [EMBEDDING_NAME]),
        ]
        graph = helper.make_graph(
            [node for model in models for node in model.graph.node] + joined,
            "ensemble",
            list(models[0].graph.input),
            [_output(OUTPUT_NAME), _output(EMBEDDING_NAME, EMBEDDING_SIZE)],
            initializer=[w for model in models for w in model.graph.initializer] + [weight, shift],
        )
        newest = max(model.ir_version for model in models)
        opsets = models[0].opset_import
        return canonical(helper.make_model(graph, ir_version=newest, opset_imports=opsets))


def _output(name: str, *sizes: int) -> Any:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["films", *sizes])
