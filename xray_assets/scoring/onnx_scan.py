"""What an ONNX file asks for, read without loading it into a runtime.

A served network may hold no reference to another file, no control flow and no operator from outside
the standard: its running time then depends on its size alone, and loading it touches nothing else.
Verifying digests is `scoring.artifact`'s.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from xray_assets.scoring.artifact import ArtifactError

if TYPE_CHECKING:
    from onnx import GraphProto, TensorProto

MAX_OPSET = 26
MIN_OPSET = 9
_STANDARD_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
_CONTROL_FLOW = {"Loop", "If", "Scan", "SequenceMap"}


@dataclass
class OnnxFacts:
    """Operators, versions and outside references of one ONNX file."""

    opsets: dict[str, int] = field(default_factory=dict)
    operators: set[str] = field(default_factory=set)
    external_data: bool = False


def refuse_unsafe(onnx: bytes) -> OnnxFacts:
    """The facts of an acceptable network; raises ArtifactError for any other file."""
    from google.protobuf.message import DecodeError
    from onnx import ModelProto  # 0.1 s, and only what loads a model needs it

    model = ModelProto()
    try:
        model.ParseFromString(onnx)
    except (DecodeError, RuntimeError) as error:
        raise ArtifactError("the file is no ONNX model") from error
    if model.functions:
        raise ArtifactError("the network defines functions of its own")
    facts = OnnxFacts({opset.domain: opset.version for opset in model.opset_import})
    _scan(model.graph, facts)
    if facts.external_data:
        raise ArtifactError("the network keeps weights in another file; export one file")
    if foreign := facts.opsets.keys() - _STANDARD_DOMAINS:
        raise ArtifactError(
            f"the network needs operators from outside the standard: {sorted(foreign)}"
        )
    if control := facts.operators & _CONTROL_FLOW:
        raise ArtifactError(
            f"the network has control flow ({', '.join(sorted(control))}): its time has no bound"
        )
    opset = facts.opsets.get("", facts.opsets.get("ai.onnx"))
    if opset is None or not MIN_OPSET <= opset <= MAX_OPSET:
        raise ArtifactError(
            f"the network's opset is {opset}; {MIN_OPSET} to {MAX_OPSET} can be served"
        )
    return facts


def _scan(graph: "GraphProto", facts: OnnxFacts) -> None:
    """Add what a graph, and the graphs in its nodes, ask for."""
    if graph.sparse_initializer:
        raise ArtifactError("the network has sparse weights, which are not served")
    tensors = list(graph.initializer)
    for node in graph.node:
        facts.operators.add(node.op_type)
        facts.opsets.setdefault(node.domain, 0)
        for attribute in node.attribute:
            tensors += [attribute.t, *attribute.tensors]
            for inner in (attribute.g, *attribute.graphs):
                _scan(inner, facts)
    facts.external_data |= any(map(_lies_elsewhere, tensors))


def _lies_elsewhere(tensor: "TensorProto") -> bool:
    return bool(tensor.external_data) or tensor.data_location == tensor.EXTERNAL
