"""Tune the accurate network to products: `python -m bench.train_isnet --published FILE --products DIR --out FILE`.

Its weights stay as they were published. What learns is a gain and a shift of every output channel of every convolution
(Frankle, Schwab, Morcos, "Training BatchNorm and only BatchNorm", 2021): 0.1 % of its numbers, too few to forget what
it was made for, enough to learn what is sold and what only stands behind it; with `--rank` also what is added to each
convolution's weights as a product of two small factors (Hu et al., "LoRA", 2021), at rank 4 another 1.5 %. DIR holds
`photos/`, `alpha/` and `fg/` of known products (see `bench.isnet_lessons`); the truth of apparel is with what wears it.
Needs torch and onnx beside the project's own packages. `--mix` mixes files that this command wrote, by shares.

The network that runs is built from the published file and this one, so new ranges are measured (`bench.calibrate`) and
the registry gets a new hash.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from bench.isnet_lessons import Product, lesson, products
from bench.train_refiner import share_of
from packshot.imaging import quantise

LESSONS_A_STEP = 2
RIM_PX = 5
"""Width of what is looked at beside a soft pixel, in pixels of the network."""
RIM_WEIGHT, CROSS_ENTROPY_WEIGHT, OTHERS_WEIGHT = 2.0, 3.0, 0.5


class Tunable(nn.Module):
    """The network as a graph of torch's functions; weights in bfloat16, what learns in single precision."""

    def __init__(self, published: Path, rank: int = 0) -> None:
        super().__init__()
        graph = quantise.free(onnx.load(published)).graph
        self.nodes = list(graph.node)
        self.first, self.last = graph.input[0].name, graph.output[0].name
        self.held = {w.name: torch.from_numpy(onnx.numpy_helper.to_array(w).copy()) for w in graph.initializer}
        self.gains, self.shifts, self.ups, self.downs = (nn.ParameterDict() for _ in range(4))
        for node in self.nodes:
            if node.op_type == "Conv":
                weight = self.held[node.input[1]]
                self.gains[_key(node)] = nn.Parameter(torch.ones(len(weight)))
                self.shifts[_key(node)] = nn.Parameter(torch.zeros(len(weight)))
                if rank:  # one factor at random, the other nothing: at first nothing is added
                    down = torch.randn(rank, *weight.shape[1:]) / weight[0].numel() ** 0.5
                    self.ups[_key(node)] = nn.Parameter(torch.zeros(len(weight), rank))
                    self.downs[_key(node)] = nn.Parameter(down)
                self.held[node.input[1]] = weight.to(torch.bfloat16)
        self.uses = {name: number for number, node in enumerate(self.nodes) for name in node.input}

    def forward(self, image: Tensor) -> Tensor:
        """The matte of N x 3 x h x w before its sigmoid, N x 1 x h x w."""
        values = {self.first: image.to(torch.bfloat16)}
        for number, node in enumerate(self.nodes):
            given = [values[name] for name in node.input if name in values]
            values[node.output[0]] = self._done(node, given)
            for name in {name for name in node.input if name in values and self.uses[name] == number}:
                del values[name]
        return values[self.last].float()

    def _done(self, node: onnx.NodeProto, given: list[Tensor]) -> Tensor:
        told = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        match node.op_type:
            case "Conv":
                weight, bias = (self.held[name] for name in node.input[1:3])
                pads = told.get("pads", [0, 0])[:2]
                how = (None, told["strides"], pads, told["dilations"])
                made = nnf.conv2d(given[0], weight, *how)
                if _key(node) in self.ups:
                    up, down = (part[_key(node)].to(torch.bfloat16) for part in (self.ups, self.downs))
                    made = made + nnf.conv2d(nnf.conv2d(given[0], down, *how), up[:, :, None, None])
                gain, shift = self.gains[_key(node)], self.shifts[_key(node)]
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


def _key(node: onnx.NodeProto) -> str:
    return quantise.layer(node).replace(".", "-")  # torch takes no dots in names of parameters


def loss_of(answer: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy, more of it near edges; what is missing of the overlap; mean error near edges."""
    soft = ((truth > 0.03) & (truth < 0.97)).float()
    rim = nnf.max_pool2d(soft, RIM_PX, 1, RIM_PX // 2)
    entropy = nnf.binary_cross_entropy_with_logits(answer, truth, reduction="none")
    alpha = torch.sigmoid(answer)
    overlap = (torch.minimum(alpha, truth).sum() + 1) / (torch.maximum(alpha, truth).sum() + 1)
    off = ((alpha - truth).abs() * rim).sum() / (rim.sum() + 1)
    return CROSS_ENTROPY_WEIGHT * (entropy * (1 + RIM_WEIGHT * rim)).mean() + OTHERS_WEIGHT * (1 - overlap + off)


def train(net: Tunable, known: list[Product], minutes: float, rate: float, rng: np.random.Generator) -> None:
    """Adam with a cosine step for so many CPU minutes; prints the loss."""
    steps = torch.optim.Adam(net.parameters(), rate, betas=(0.9, 0.98))
    started, count, losses = time.process_time(), 0, [0.0]
    while (gone := (time.process_time() - started) / (60 * minutes)) < 1:
        for group in steps.param_groups:
            group["lr"] = rate * min(1, count / 30) * 0.5 * (1 + np.cos(np.pi * gone))
        for _ in range(LESSONS_A_STEP):
            shown, truth = (torch.from_numpy(part) for part in lesson(known, rng))
            loss = loss_of(net(shown), truth)
            (loss / LESSONS_A_STEP).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        steps.step()
        steps.zero_grad()
        count += 1
        if count % 25 == 0:
            print(f"step {count}: loss {np.mean(losses[-200:]):.4f}", flush=True)


def take_up(net: Tunable, tuning: quantise.Tuning) -> None:
    """Go on from an earlier tuning; its factors, if it has any, take the place of the network's."""
    for key in net.gains:
        name = key.replace("-", ".")
        for part, values in zip((net.gains, net.shifts), torch.from_numpy(tuning[name]), strict=True):
            part[key] = nn.Parameter(values)
        for parts, factor in ((net.ups, "up"), (net.downs, "down")):
            if f"{name}.{factor}" in tuning:
                parts[key] = nn.Parameter(torch.from_numpy(tuning[f"{name}.{factor}"].astype(np.float32)))


def tuning_of(net: Tunable) -> quantise.Tuning:
    """What was learnt, by layer."""
    learnt = {}
    for key in net.gains:
        name = key.replace("-", ".")
        learnt[name] = torch.stack([net.gains[key], net.shifts[key]]).detach().numpy()
        if key in net.ups:
            for factor, part in (("up", net.ups[key]), ("down", net.downs[key])):
                learnt[f"{name}.{factor}"] = part.detach().numpy().astype(np.float16)
    return learnt


def mixed(parts: list[tuple[Path, float]]) -> quantise.Tuning:
    """The networks of several tunings mixed by shares (Wortsman et al., "Model soups", 2022); their ranks add up."""
    read = [(quantise.tuning(file), share) for file, share in parts]
    made: quantise.Tuning = {}
    for name in [name for name in read[0][0] if not name.endswith((".up", ".down"))]:
        made[name] = np.sum([share * one[name] for one, share in read], axis=0, dtype=np.float32)
        # a gain multiplies what is added, too: each up takes its own gain by the mixed one
        ups = [
            one[f"{name}.up"] * (share * one[name][0] / made[name][0])[:, None]
            for one, share in read
            if f"{name}.up" in one
        ]
        if ups:
            made[f"{name}.up"] = np.concatenate(ups, axis=1).astype(np.float16)
            made[f"{name}.down"] = np.concatenate([one[f"{name}.down"] for one, _ in read if f"{name}.down" in one])
    return made


def slimmed(tuning: quantise.Tuning, rank: int) -> quantise.Tuning:
    """The tuning whose factors have at most this rank and make nearly the same: the largest singular values stay."""
    made = dict(tuning)
    for name in [name.removesuffix(".up") for name in tuning if name.endswith(".up")]:
        up, down = (tuning[f"{name}.{factor}"].astype(np.float64) for factor in ("up", "down"))
        (left, a), (right, b) = np.linalg.qr(up), np.linalg.qr(down.reshape(len(down), -1).T)
        u, sizes, v = np.linalg.svd(a @ b.T, full_matrices=False)
        half = np.sqrt(sizes[:rank])  # shared out, for both are kept in half precision
        made[f"{name}.up"] = (left @ u[:, :rank] * half).astype(np.float16)
        made[f"{name}.down"] = (half[:, None] * v[:rank] @ right.T).reshape(-1, *down.shape[1:]).astype(np.float16)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Tune, or mix, and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.train_isnet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path, help="the network as it was published")
    parser.add_argument("--products", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--mix", type=share_of, nargs="+", metavar="FILE=SHARE", help="no training: these, mixed")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40, help="CPU minutes, of all threads")
    parser.add_argument("--start", type=Path, help="go on from this tuning")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate")
    parser.add_argument("--rank", type=int, default=0, help="of what is added to weights: learn it, or mix it to this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hold-out", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    if asked.mix:
        learnt = mixed(asked.mix)
        if asked.rank:
            learnt = slimmed(learnt, asked.rank)
    elif asked.published and asked.products:
        cv2.setNumThreads(1)
        known = products(asked.products, asked.hold_out)
        print(f"{len(known)} photos", flush=True)
        torch.manual_seed(asked.seed)
        net = Tunable(asked.published, asked.rank)
        if asked.start:
            take_up(net, quantise.tuning(asked.start))
        train(net, known, asked.minutes, asked.rate, np.random.default_rng(asked.seed))
        learnt = tuning_of(net)
    else:
        parser.error("either --published and --products, or --mix")
    np.savez_compressed(asked.out, **learnt)
    print(f"{asked.out}: {sum(pair.size for pair in learnt.values())} numbers")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
