"""Leave channels out of a network's graph: what a tuning has switched off is not computed.

A channel whose gain and shift are zero is zero everywhere, so nothing changes when it and the weights that meet it are
cut out. Tensors that are added to each other share their channels: such a channel goes only if it is zero in both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from packshot.imaging.light import F32

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Kept = dict[str, NDArray[np.intp]]
"""Of each set of channels, by its name: which are left, in order."""
INPUT = "input"


@dataclass(frozen=True)
class Convolution:
    """A convolution: the sets of channels that it takes (one after the other) and the one that it gives.

    `products` is how many multiplications one pair of channels costs, for each pixel of the network's input.
    """

    name: str
    weight: str
    bias: str
    takes: tuple[str, ...]
    gives: str
    products: float


def layer(node: NodeProto) -> str:
    """A node's name as a tuning has it."""
    return node.name.strip("/").replace("/", ".")


def convolutions(graph: GraphProto) -> list[Convolution]:
    """The convolutions of a freed graph (`quantise.free`), in its order."""
    from onnx import helper, numpy_helper

    weights = {weight.name: weight for weight in graph.initializer}
    parts: dict[str, tuple[str, ...]] = {graph.input[0].name: (INPUT,)}
    areas = {graph.input[0].name: 1.0}
    joined: dict[str, str] = {}
    met: list[Convolution] = []

    def one(name: str) -> str:
        while name in joined:
            name = joined[name]
        return name

    for node in graph.node:
        source, target = node.input[0], node.output[0]
        told = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        parts[target], areas[target] = parts[source], areas[source] / np.prod(told.get("strides", [1]))
        if node.op_type == "Conv":
            parts[target] = (layer(node),)
            across = float(np.prod(weights[node.input[1]].dims[2:])) * areas[target]
            met.append(Convolution(layer(node), node.input[1], node.input[2], parts[source], layer(node), across))
        elif node.op_type == "Concat":
            parts[target] = tuple(part for name in node.input for part in parts[name])
        elif node.op_type == "Resize":
            areas[target] *= float(np.prod(numpy_helper.to_array(weights[node.input[2]])))
        elif node.op_type == "Add":
            first, second = (one(parts[name][0]) for name in node.input)
            if first != second:
                joined[second] = first
    return [
        Convolution(c.name, c.weight, c.bias, tuple(one(part) for part in c.takes), one(c.gives), c.products)
        for c in met
    ]


def kept(met: list[Convolution], learnt: dict[str, F32]) -> Kept:
    """The channels that a tuning leaves: those with a gain or a shift in one of the convolutions that share them."""
    alive: dict[str, NDArray[np.bool_]] = {}
    for convolution in met:
        used = (learnt[convolution.name] != 0).any(axis=0)
        alive[convolution.gives] = used | alive.get(convolution.gives, False)
    return {name: np.flatnonzero(used) for name, used in alive.items()}


def products(met: list[Convolution], widths: dict[str, int]) -> float:
    """Multiplications for each pixel of the network's input, with so many channels in each set."""
    wide = {INPUT: 3, **widths}
    return sum(c.products * sum(wide[name] for name in c.takes) * wide[c.gives] for c in met)


def sliced(convolution: Convolution, weight: F32, left: Kept, widths: dict[str, int]) -> F32:
    """The weights, out x in x height x width, of the channels that are left of `widths` on either side."""
    starts = np.cumsum([0, *(widths.get(name, 3) for name in convolution.takes)])
    taken = [left.get(name, np.arange(3)) + start for name, start in zip(convolution.takes, starts, strict=False)]
    return np.ascontiguousarray(weight[left[convolution.gives]][:, np.concatenate(taken)])


def without(model: ModelProto, learnt: dict[str, F32]) -> ModelProto:
    """A freed network without the channels that a tuning has switched off; changes `model`."""
    from onnx import numpy_helper

    weights = {weight.name: weight for weight in model.graph.initializer}
    met = convolutions(model.graph)
    left, widths = kept(met, learnt), {c.gives: weights[c.weight].dims[0] for c in met}
    for convolution in met:
        kernel, bias = (numpy_helper.to_array(weights[name]) for name in (convolution.weight, convolution.bias))
        changed = (sliced(convolution, kernel, left, widths), bias[left[convolution.gives]])
        for name, values in zip((convolution.weight, convolution.bias), changed, strict=True):
            weights[name].CopyFrom(numpy_helper.from_array(values, name))
    del model.graph.value_info[:]
    return model
