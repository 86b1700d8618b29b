"""Build the accurate network as it is run from the weights as they were published.

The published IS-Net graph takes 1024x1024 only and computes in single precision between half-precision weights. What
runs here takes any height and width that are multiples of 64, gives its first output alone, has learnt what products
look like (a gain and a shift of every channel and a little added to every weight, `bench/train_isnet.py`), and
multiplies in 8 bits: affine quantisation with a scale per output channel (Jacob et al., CVPR 2018), activations within
ranges that were measured once (`bench/calibrate.py`). That is about three times as fast on processors with 8-bit dot
products. Weights keep to 7 bits, so that older processors, which add products in 16 bits, cannot overflow: all give the
same sums.

Done once, when a model is pulled. The `onnx` package is needed then, and never by a function.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from packshot.imaging.light import F32

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from onnx import GraphProto, ModelProto, NodeProto

Ranges = dict[str, tuple[float, float]]
"""Least and largest value of each tensor, by name."""
Tuning = dict[str, F32]
"""Of each convolution, by `layer`: what its channels are multiplied by and what is added, float32 2 x channels. Before
that `<layer>.up`, channels x rank, times `<layer>.down`, rank x in x height x width, is added to its weights (float16).
"""
FREE_AXES = {2: "height", 3: "width"}


class GraphError(ValueError):
    """The graph is not built as expected."""


def shipped(file: str) -> Traversable:
    """A file that lies beside this module."""
    return resources.files(__package__).joinpath(file)


def ranges(file: Traversable) -> Ranges:
    """Measured ranges, read from JSON."""
    read = json.loads(file.read_text("utf-8"))
    return {name: (float(low), float(high)) for name, (low, high) in read.items()}


def tuning(file: Traversable) -> Tuning:
    """A tuning, read from numpy's format."""
    with file.open("rb") as packed, np.load(packed, allow_pickle=False) as read:
        return dict(read)


def build(published: Path, learnt: Tuning, measured: Ranges, target: Path) -> None:
    """Write the network that is run to `target`; the same bytes from the same inputs.

    Raises GraphError where the graph is not built as expected, a convolution was not tuned or a tensor has no range.
    """
    import onnx

    model = tuned(free(onnx.load(published)), learnt)
    kinds = ["Add", "Concat", "Conv", "MaxPool", "Relu", "Resize"]
    onnx.save(in_eight_bits(model, measured, kinds), target)


def in_eight_bits(model: ModelProto, measured: Ranges, kinds: Sequence[str]) -> ModelProto:
    """The network with its nodes of these kinds in 8 bits, but for its first and last convolution.

    `measured` has the range of every tensor that such a node takes or gives. Raises GraphError where one is missing.
    """
    from onnx import shape_inference
    from onnxruntime.quantization import CalibrationMethod, QuantType
    from onnxruntime.quantization.calibrate import TensorsData
    from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

    given = {name: tuple(np.float32(value) for value in pair) for name, pair in measured.items()}
    try:
        quantiser = QDQQuantizer(
            shape_inference.infer_shapes(model),
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=TensorsData(CalibrationMethod.MinMax, given),
            nodes_to_quantize=[],
            nodes_to_exclude=[*_outer(model.graph)],
            extra_options={},
            op_types_to_quantize=list(kinds),
        )
        quantiser.quantize_model()
    except (KeyError, ValueError) as error:
        raise GraphError(f"it cannot be quantised: {error}") from error
    made: ModelProto = quantiser.model.model
    return made


def layer(node: NodeProto) -> str:
    """A node's name as a tuning has it."""
    return node.name.strip("/").replace("/", ".")


def tuned(model: ModelProto, learnt: Tuning) -> ModelProto:
    """A freed network with the channels of its convolutions scaled and shifted as was learnt; changes `model`.

    Raises GraphError where a convolution has no tuning of its number of channels.
    """
    from onnx import numpy_helper

    weights = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "Conv":
            continue
        kernel, bias = (numpy_helper.to_array(weights[name]) for name in node.input[1:3])
        name = layer(node)
        pair = learnt.get(name, np.empty(0))
        if pair.shape != (2, len(kernel)):
            raise GraphError(f"{name} has {len(kernel)} channels, its tuning {pair.shape}")
        if f"{name}.up" in learnt:
            up, down = (learnt[f"{name}.{factor}"].astype(np.float32) for factor in ("up", "down"))
            for column, part in zip(up.T, down, strict=True):  # one by one: every machine adds them in this order
                kernel = kernel + column[:, None, None, None] * part
        changed = (kernel * pair[0][:, None, None, None], bias * pair[0] + pair[1])
        for weight, values in zip(node.input[1:3], changed, strict=True):
            weights[weight].CopyFrom(numpy_helper.from_array(values, weight))
    return model


def free(model: ModelProto) -> ModelProto:
    """The same network in single precision, its height and width free, with its first output only; changes `model`.

    Raises GraphError where a Resize does not enlarge by a whole, equal factor.
    """
    graph = model.graph
    shapes = {v.name: _shape(v) for v in (*graph.value_info, *graph.input, *graph.output)}
    factors = _name_factors(graph, shapes)
    del graph.value_info[:], graph.output[1:]
    _single_precision(graph)
    _keep(graph, _leading_to(graph, {graph.output[0].name}))
    graph.initializer.extend(_scales(factor) for factor in factors)
    for value in (graph.input[0], graph.output[0]):
        for axis, name in FREE_AXES.items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    return model


def _outer(graph: GraphProto) -> Iterable[str]:
    """The layers that stay in single precision: the first and the last, which a rounding hurts most."""
    layers = [node.name for node in graph.node if node.op_type == "Conv"]
    if len(layers) < 2:
        raise GraphError("fewer than two convolutions")
    return {layers[0], layers[-1], *(node.name for node in graph.node if node.op_type == "Sigmoid")}


def _name_factors(graph: GraphProto, shapes: dict[str, list[int]]) -> list[int]:
    """Tell every Resize its factor in place of its output size; the factors met."""
    from onnx import numpy_helper

    makers = {name: node for node in graph.node for name in node.output}

    def told(node: NodeProto) -> list[int]:
        """Height and width: the constant last part of the Concat that makes the sizes."""
        joined = makers.get(node.input[-1])
        constant = makers.get(joined.input[-1]) if joined is not None and joined.op_type == "Concat" else None
        if constant is None or constant.op_type != "Constant":
            raise GraphError(f"a Resize whose sizes {node.input[-1]} are not a constant")
        return [int(side) for side in numpy_helper.to_array(constant.attribute[0].t)]

    factors = set()
    for node in graph.node:
        if node.op_type != "Resize":
            continue
        source, target = shapes.get(node.input[0], []), told(node)
        if len(source) != 4 or not all(source):
            raise GraphError(f"a Resize of {node.input[0]}, whose shape is not recorded")
        factor = target[0] // source[2]
        if factor < 1 or target != [source[2] * factor, source[3] * factor]:
            raise GraphError(f"a Resize from {source[2:]} to {target}")
        node.input[:] = [node.input[0], "", _scales_name(factor)]
        factors.add(factor)
    if not factors:
        raise GraphError("no Resize node to free")
    return sorted(factors)


def _single_precision(graph: GraphProto) -> None:
    """Weights in 32 bits, and no node left that only changes the precision."""
    from onnx import numpy_helper

    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype == np.float16:
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float32), weight.name))
    renamed = {}
    for node in graph.node:
        if node.op_type == "Cast":
            renamed[node.output[0]] = node.input[0]
    outputs = {value.name for value in graph.output}

    def first(name: str) -> str:
        while name in renamed:
            name = renamed[name]
        return name

    final = {first(name): name for name in outputs}  # the graph's own output keeps its name
    for node in graph.node:
        node.input[:] = [final.get(first(name), first(name)) for name in node.input]
        node.output[:] = [final.get(name, name) for name in node.output]
    _keep(graph, [node for node in graph.node if node.op_type != "Cast"])


def _leading_to(graph: GraphProto, wanted: set[str]) -> list[NodeProto]:
    """The nodes that the wanted tensors depend on, in order; the weights that none of them takes are dropped."""
    kept: list[NodeProto] = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    used = [weight for weight in graph.initializer if weight.name in wanted]
    del graph.initializer[:]
    graph.initializer.extend(used)
    return kept[::-1]


def _keep(graph: GraphProto, nodes: list[NodeProto]) -> None:
    kept = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(kept)


def _shape(value: Any) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]


def _scales_name(factor: int) -> str:
    return f"packshot_scale_{factor}"


def _scales(factor: int) -> Any:
    from onnx import numpy_helper

    return numpy_helper.from_array(np.array([1, 1, factor, factor], np.float32), _scales_name(factor))
