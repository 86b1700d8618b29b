"""The accurate network in torch, to be tuned: its weights as published, and what learns beside them.

Every convolution has a gain and a shift of each of its channels; with a rank above 0 also what is added to its weights
as a product of two small factors (Hu et al., "LoRA", 2021), and its channels can be dropped. Needs torch and onnx.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from bench.isnet_channels import Worth
from packshot.imaging import channels, quantise


class Tunable(nn.Module):
    """The network as a graph of torch's functions; weights in bfloat16, gains and shifts in single precision."""

    def __init__(self, published: Path, start: quantise.Tuning | None = None, rank: int = 0, seed: int = 0) -> None:
        super().__init__()
        graph = quantise.free(onnx.load(published)).graph
        self.nodes = list(graph.node)
        self.first, self.last = graph.input[0].name, graph.output[0].name
        self.whole = {w.name: onnx.numpy_helper.to_array(w) for w in graph.initializer}
        self.held = {name: torch.from_numpy(values.copy()) for name, values in self.whole.items()}
        self.met = channels.convolutions(graph)
        self.widths = {c.gives: len(self.whole[c.weight]) for c in self.met}
        start = start or {c.name: np.float32([[1], [0]]).repeat(self.widths[c.gives], 1) for c in self.met}
        self.left = channels.kept(self.met, start)
        self.gains, self.shifts = nn.ParameterDict(), nn.ParameterDict()
        for c in self.met:
            gain, shift = torch.from_numpy(start[c.name][:, self.left[c.gives]])
            self.gains[_key(c.name)], self.shifts[_key(c.name)] = nn.Parameter(gain), nn.Parameter(shift)
        self.rank = rank
        self.ups, self.downs = nn.ParameterDict(), nn.ParameterDict()
        dice = torch.Generator().manual_seed(seed)
        for c in self.met if rank else []:
            self._turn(c, start, dice)
        self._take()
        self.uses = {name: number for number, node in enumerate(self.nodes) for name in node.input}

    def _turn(self, c: channels.Convolution, start: quantise.Tuning, dice: torch.Generator) -> None:
        """Take up the factors that are added to a convolution's weights, or make new ones that add nothing."""
        up, down = (start.get(f"{c.name}.{part}") for part in ("up", "down"))
        if up is None or down is None:
            weight = channels.sliced(c, self.whole[c.weight], self.left, self.widths)
            made = torch.randn(self.rank, *weight.shape[1:], generator=dice) / np.sqrt(weight[0].size)
            self.ups[_key(c.name)] = nn.Parameter(torch.zeros(len(weight), self.rank))
        else:
            columns = channels.places(c, self.left, self.widths)
            made = torch.from_numpy(down[:, columns].astype(np.float32))
            self.ups[_key(c.name)] = nn.Parameter(torch.from_numpy(up[self.left[c.gives]].astype(np.float32)))
        self.downs[_key(c.name)] = nn.Parameter(made)

    def _take(self) -> None:
        """Hold the weights of the channels that are left."""
        for c in self.met:
            weight = channels.sliced(c, self.whole[c.weight], self.left, self.widths)
            self.held[c.weight] = torch.from_numpy(weight).to(torch.bfloat16)
            self.held[c.bias] = torch.from_numpy(self.whole[c.bias][self.left[c.gives]])

    def drop(self, stay: channels.Kept, steps: torch.optim.Optimizer) -> None:
        """Keep these of the channels that are left, by their place among them; `steps` forgets the others as well."""
        for c in self.met:
            places = torch.from_numpy(stay[c.gives])
            for part in (self.gains, self.shifts):
                number = part[_key(c.name)]
                past = steps.state.pop(number)
                part[_key(c.name)] = nn.Parameter(number.detach()[places])
                steps.state[part[_key(c.name)]] = {k: v[places] if v.dim() else v for k, v in past.items()}
        steps.param_groups[0]["params"] = list(self.parameters())
        self.left = {name: self.left[name][places] for name, places in stay.items()}
        self._take()

    def moves(self) -> Worth:
        """By set of channels: how far each channel, with all who share it, moves the loss (first order of its loss)."""
        told: Worth = {}
        for c in self.met:
            pairs = [(part[_key(c.name)], part[_key(c.name)].grad) for part in (self.gains, self.shifts)]
            move = sum((number.detach() * slope).numpy() for number, slope in pairs if slope is not None)
            told[c.gives] = told.get(c.gives, 0) + move
        return told

    def tuning(self) -> quantise.Tuning:
        """What was learnt, by layer; zero for the channels that are switched off."""
        told = {c.name: np.zeros((2, self.widths[c.gives]), np.float32) for c in self.met}
        for c in self.met:
            pair = torch.stack([self.gains[_key(c.name)], self.shifts[_key(c.name)]])
            told[c.name][:, self.left[c.gives]] = pair.detach().numpy()
            if self.rank:
                up = np.zeros((self.widths[c.gives], self.rank), np.float16)
                up[self.left[c.gives]] = self.ups[_key(c.name)].detach().numpy()
                down = np.zeros((self.rank, *self.whole[c.weight].shape[1:]), np.float16)
                down[:, channels.places(c, self.left, self.widths)] = self.downs[_key(c.name)].detach().numpy()
                told |= {f"{c.name}.up": up, f"{c.name}.down": down}
        return told

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The matte of N x 3 x h x w before its sigmoid, N x 1 x h x w, and what each block of layers ends with."""
        values, ends = {self.first: image.to(torch.bfloat16)}, []
        for number, node in enumerate(self.nodes):
            given = [values[name] for name in node.input if name in values]
            values[node.output[0]] = self._done(node, given)
            if node.op_type == "Add":
                ends.append(values[node.output[0]])
            for name in {name for name in node.input if name in values and self.uses[name] == number}:
                del values[name]
        return values[self.last].float(), ends

    def ends(self) -> list[Tensor]:
        """Which channels of the whole network's ends (see `forward`) are left in this one's."""
        makers = {node.output[0]: node for node in self.nodes}
        added = [makers[node.input[0]] for node in self.nodes if node.op_type == "Add"]
        names = [channels.layer(makers[node.input[0]] if node.op_type == "Relu" else node) for node in added]
        shared = {c.name: c.gives for c in self.met}
        return [torch.from_numpy(self.left[shared[name]]) for name in names]

    def _done(self, node: onnx.NodeProto, given: list[Tensor]) -> Tensor:
        told = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        match node.op_type:
            case "Conv":
                weight, bias = (self.held[name] for name in node.input[1:3])
                pads = told.get("pads", [0, 0])[:2]
                made = nnf.conv2d(given[0], weight, None, told["strides"], pads, told["dilations"])
                key = _key(channels.layer(node))
                if self.rank:
                    down, up = (part[key].to(torch.bfloat16) for part in (self.downs, self.ups))
                    few = nnf.conv2d(given[0], down, None, told["strides"], pads, told["dilations"])
                    made = made + nnf.conv2d(few, up[:, :, None, None])
                gain, shift = self.gains[key], self.shifts[key]
                return (made.float() * gain[:, None, None] + (bias * gain + shift)[:, None, None]).to(torch.bfloat16)
            case "Relu":
                return nnf.relu(given[0])
            case "MaxPool":
                return nnf.max_pool2d(given[0], told["kernel_shape"], told["strides"], ceil_mode=told["ceil_mode"] > 0)
            case "Resize":
                factor = float(self.held[node.input[2]][2])
                return given[0] if factor == 1 else nnf.interpolate(given[0], scale_factor=factor, mode="bilinear")
            case "Concat":
                return torch.cat(given, told["axis"])
            case "Add":
                return given[0] + given[1]
            case "Sigmoid":
                return given[0]
        raise quantise.GraphError(f"{node.name} is a {node.op_type}, which IS-Net as it is published has none of")


def _key(layer: str) -> str:
    return layer.replace(".", "-")  # torch takes no dots in names of parameters
