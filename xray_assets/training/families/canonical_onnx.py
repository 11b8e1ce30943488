"""An exported network in one canonical form: the same network gives the same bytes.

Exporters order and name nodes by chance (tf2onnx) and write the exporting machine's source paths
into them (PyTorch). A serving artifact is known by its digest, so neither may be in it.
"""

import onnx

PRODUCER = "xray_assets"


def canonical(model: onnx.ModelProto) -> bytes:
    """The serialized model: nodes as the output needs them, tensors numbered, nothing else kept.

    Names of the graph's inputs and outputs stay. Raises ValueError for a network with control flow
    or of local functions, which this does not know.
    """
    graph = model.graph
    if model.functions or any(a.HasField("g") for n in graph.node for a in n.attribute):
        raise ValueError("the exported network has control flow or functions: export it without")
    made_by = {name: node for node in graph.node for name in node.output}
    constants = {constant.name: constant for constant in graph.initializer}
    names = {"": ""} | {port.name: port.name for port in (*graph.input, *graph.output)}
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []

    def visit(name: str) -> str:
        """Emit what makes a tensor, and return the tensor's new name."""
        if name in constants and name not in names:
            names[name] = f"w{len(weights)}"
            weight = onnx.TensorProto()
            weight.CopyFrom(constants[name])
            weight.name, weight.doc_string = names[name], ""
            weights.append(weight)
        elif name in made_by:
            node = made_by.pop(name)
            for output in node.output:
                made_by.pop(output, None)
            inputs = [visit(needed) for needed in node.input]
            for output in node.output:
                names.setdefault(output, f"t{len(names)}")
            kept = onnx.NodeProto(op_type=node.op_type, domain=node.domain)
            kept.input.extend(inputs)
            kept.output.extend(names[output] for output in node.output)
            kept.attribute.extend(sorted(node.attribute, key=lambda attribute: attribute.name))
            nodes.append(kept)
        return names[name]

    for port in graph.output:
        visit(port.name)
    return onnx.helper.make_model(
        onnx.helper.make_graph(
            nodes,
            PRODUCER,
            [_port(port) for port in graph.input],
            [_port(port) for port in graph.output],
            initializer=weights,
        ),
        ir_version=model.ir_version,
        producer_name=PRODUCER,
        opset_imports=sorted(model.opset_import, key=lambda imported: imported.domain),
    ).SerializeToString(deterministic=True)


def _port(port: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """Name and type; the first dimension is the batch."""
    tensor = port.type.tensor_type
    sizes = ["films", *(size.dim_value for size in tensor.shape.dim[1:])]
    return onnx.helper.make_tensor_value_info(port.name, tensor.elem_type, sizes)
