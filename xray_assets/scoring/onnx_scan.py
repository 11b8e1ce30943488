"""What an ONNX file asks for, read from its protobuf wire format without loading it (or the `onnx`
package).

A served network may hold no reference to another file, no control flow and no operator from outside
the standard: its running time then depends on its size alone, and loading it touches nothing else.
Verifying digests is `scoring.artifact`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xray_assets.scoring.artifact import ArtifactError

MAX_OPSET = 26
MIN_OPSET = 9
_STANDARD_DOMAINS = {"", "ai.onnx", "ai.onnx.ml"}
_CONTROL_FLOW = {"Loop", "If", "Scan", "SequenceMap"}

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# Field numbers of onnx.proto3.
_MODEL_GRAPH, _MODEL_OPSETS, _MODEL_FUNCTIONS = 7, 8, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OP, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14


@dataclass
class OnnxFacts:
    """Operators, versions and outside references of one ONNX file."""

    opsets: dict[str, int] = field(default_factory=dict)
    operators: set[str] = field(default_factory=set)
    external_data: bool = False


def refuse_unsafe(onnx: bytes) -> OnnxFacts:
    """The facts of an acceptable network; raises ArtifactError for any other file."""
    facts = OnnxFacts()
    try:
        for number, value in _fields(memoryview(onnx)):
            if number == _MODEL_GRAPH:
                _scan_graph(_message(value), facts)
            elif number == _MODEL_OPSETS:
                _scan_opset(_message(value), facts)
            elif number == _MODEL_FUNCTIONS:
                raise ArtifactError("the network defines functions of its own")
    except (IndexError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError("the file is no ONNX model") from error
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


def _scan_graph(graph: memoryview, facts: OnnxFacts) -> None:
    for number, value in _fields(graph):
        if number == _GRAPH_NODE:
            _scan_node(_message(value), facts)
        elif number == _GRAPH_INITIALIZER:
            _scan_tensor(_message(value), facts)
        elif number == _GRAPH_SPARSE:
            raise ArtifactError("the network has sparse weights, which are not served")


def _scan_node(node: memoryview, facts: OnnxFacts) -> None:
    for number, value in _fields(node):
        if number == _NODE_OP:
            facts.operators.add(bytes(_message(value)).decode())
        elif number == _NODE_DOMAIN:
            facts.opsets.setdefault(bytes(_message(value)).decode(), 0)
        elif number == _NODE_ATTRIBUTE:
            for inner, content in _fields(_message(value)):
                if inner in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                    _scan_graph(_message(content), facts)
                elif inner in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                    _scan_tensor(_message(content), facts)


def _scan_tensor(tensor: memoryview, facts: OnnxFacts) -> None:
    for number, value in _fields(tensor):
        if number == _TENSOR_EXTERNAL or (number == _TENSOR_LOCATION and value == 1):
            facts.external_data = True


def _scan_opset(opset: memoryview, facts: OnnxFacts) -> None:
    domain, version = "", 0
    for number, value in _fields(opset):
        if number == 1:
            domain = bytes(_message(value)).decode()
        elif number == 2 and isinstance(value, int):
            version = value
    facts.opsets[domain] = version


def _message(value: "memoryview | int") -> memoryview:
    if isinstance(value, int):
        raise IndexError("a number where a message is expected")
    return value


def _fields(data: memoryview) -> Iterator[tuple[int, "memoryview | int"]]:
    """(field number, value) of one message; raises IndexError where the bytes are no protobuf."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        kind = tag & 7
        if kind == _VARINT:
            number, position = _varint(data, position)
            yield tag >> 3, number
            continue
        if kind == _BYTES:
            length, position = _varint(data, position)
        elif kind in (_FIXED32, _FIXED64):
            length = 4 if kind == _FIXED32 else 8
        else:
            raise IndexError("unknown wire type")
        if position + length > len(data):
            raise IndexError("cut short")
        yield tag >> 3, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    result = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise IndexError("number too long")
