"""Train the refiner: `python -m bench.train_refiner --products DIR --out refiner.onnx --minutes 30`.

DIR holds `fg/` and `alpha/` of known products (see `bench.composites`), and may hold their own `photos/`. Every product
is taken as it was photographed and on `--each` made-up backdrops, the accurate network looks at a crop of each (as in
production), and the refiner learns the truth from photo, that coarse matte and the colour fields. Needs torch and onnx
beside the project's own packages; `--hold-out` names products that are left out, to judge on. What runs is that file
in 8 bits: `python -m bench.calibrate --refiner`.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from bench.composites import Composite, compose, original
from packshot.imaging import backdrop, refiner, upsample
from packshot.imaging.light import F32, linear
from packshot.imaging.matte import FUR_DEPTH
from packshot.imaging.networks import Networks

WINDOW, BATCH = 128, 8
WIDTHS = (20, 28, 36, 36)
FIRST_SIZES, SECOND_SIZES = (640, 768, 1024), (640, 768, 768, 1024)
LEAST_SHARE, MOST_SHARE = 0.5, 0.9
"""The network sees at most this share of a crop's long side: small renders keep a large photo's doubt about edges."""
DEPTHS = (1.0, 1.0, FUR_DEPTH)
ORDERS = ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
TWO_LOOKS = 0.35
"""Share of lessons whose coarse matte is the mean of two looks, as in production; the rest keep its edge honest."""
SHARPNESS_WEIGHT = 0.5


@dataclass(frozen=True)
class Lesson:
    """features 27 x h x w, truth 4 x h x w of the 2x2 cells, and the cells worth looking at (N x 2)."""

    features: F32
    truth: F32
    places: np.ndarray


class _Pair(nn.Module):
    def __init__(self, wide_in: int, wide_out: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(wide_in, wide_out, 3, padding=1)
        self.b = nn.Conv2d(wide_out, wide_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N x channels x h x w) to the next level."""
        return torch.relu(self.b(torch.relu(self.a(x))))


class Refiner(nn.Module):
    """A small U-Net on 2x2 cells that corrects what colour and the coarse matte together say; answers alphas."""

    def __init__(self) -> None:
        super().__init__()
        w = WIDTHS
        self.e = nn.ModuleList([_Pair(i, o) for i, o in zip((refiner.CHANNELS, *w[:3]), w, strict=True)])
        self.d = nn.ModuleList([_Pair(w[3] + w[2], w[2]), _Pair(w[2] + w[1], w[1]), _Pair(w[1] + w[0], w[0])])
        self.o = nn.Conv2d(w[0], 4, 3, padding=1)
        nn.init.zeros_(self.o.weight)
        nn.init.zeros_(self.o.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Features (N x channels x h x w) to the next level."""
        kept: list[Tensor] = []
        y = x
        for step, down in enumerate(self.e):
            y = down(y if step == 0 else nnf.avg_pool2d(y, 2))
            kept.append(y)
        for step, up in enumerate(self.d):
            y = up(torch.cat([nnf.interpolate(y, scale_factor=2.0, mode="nearest"), kept[2 - step]], 1))
        start = before(x).clamp(0.02, 0.98)
        return torch.sigmoid(self.o(y) + torch.log(start / (1 - start)))


def before(x: Tensor) -> Tensor:
    """Where the refiner starts: colour as far as it is trusted, else the coarse matte."""
    return x[:, 26:27] * x[:, 22:26] + (1 - x[:, 26:27]) * x[:, 18:19]


def lesson(made: Composite, networks: Networks, rng: np.random.Generator) -> Lesson:
    """Features and truth of one composite, seen through the accurate network as production does."""
    rows, cols = (np.flatnonzero((made.truth > 100).any(axis=axis)) for axis in (1, 0))
    margin = int(rng.uniform(0.03, 0.3) * max(np.ptp(rows), np.ptp(cols)))
    top, left = max(0, rows[0] - margin) // 2 * 2, max(0, cols[0] - margin) // 2 * 2
    bottom = min(made.truth.shape[0], rows[-1] + margin) // 2 * 2
    right = min(made.truth.shape[1], cols[-1] + margin) // 2 * 2
    crop = np.ascontiguousarray(made.photo[top:bottom, left:right])
    most = rng.uniform(LEAST_SHARE, MOST_SHARE) * max(crop.shape)
    coarse = networks.isnet(crop, int(min(most, rng.choice(FIRST_SIZES))))
    if rng.random() < TWO_LOOKS:
        turned = np.ascontiguousarray(crop[:, ::-1])
        look = networks.isnet(turned, int(min(most, rng.choice(SECOND_SIZES))))[:, ::-1]
        coarse = (coarse + cv2.resize(look, coarse.shape[::-1], interpolation=cv2.INTER_LINEAR)) / 2
    height, width = crop.shape[0] // 2, crop.shape[1] // 2
    light = linear(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA))
    matte = upsample.enlarge(coarse, height, width)
    fields = backdrop.estimate(light, matte, max(height, width) / max(coarse.shape), float(rng.choice(DEPTHS)))
    features = refiner.stack(np.sqrt(linear(crop)), matte, fields.whole())
    truth = made.truth[top:bottom, left:right].astype(np.float32) / 255
    cells = truth.reshape(height, 2, width, 2).transpose(1, 3, 0, 2).reshape(4, height, width)
    doubt = fields.unsettled | (np.abs(matte - cells[0]) > 0.16)
    return Lesson(features.astype(np.float16), cells.astype(np.float16), np.argwhere(doubt))


def lessons_of(folder: Path, name: str, each: int, networks: Networks, rng: np.random.Generator) -> list[Lesson]:
    """A product as it was photographed, where that photo is there, and on so many made-up backdrops."""
    taken = original(folder, name)
    looks = [*([taken] if taken else []), *(compose(folder, name, rng) for _ in range(each))]
    return [lesson(look, networks, rng) for look in looks]


def batch(lessons: list[Lesson], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Windows around doubtful cells, with channels exchanged, light scaled and sides swapped at random."""
    windows, truths = [], []
    while len(windows) < BATCH:
        one = lessons[rng.integers(len(lessons))]
        height, width = one.truth.shape[1:]
        if min(height, width) < WINDOW or not len(one.places):
            continue
        row, col = one.places[rng.integers(len(one.places))]
        top = int(np.clip(row - rng.integers(WINDOW), 0, height - WINDOW))
        left = int(np.clip(col - rng.integers(WINDOW), 0, width - WINDOW))
        part = np.s_[:, top : top + WINDOW, left : left + WINDOW]
        x, t = one.features[part].astype(np.float32), one.truth[part].astype(np.float32)
        order = ORDERS[rng.integers(len(ORDERS))]
        x[:18] = x[[3 * group + channel for group in range(6) for channel in order]]
        gain = rng.uniform(0.85, 1.1)
        x[:18] *= gain
        x[19] *= gain**0.5
        if rng.random() < 0.5:
            swap = [1, 0, 3, 2]  # the cells' left and right pixels change places too
            x, t = x[:, :, ::-1].copy(), t[swap, :, ::-1].copy()
            x[:12] = x[:12].reshape(4, 3, WINDOW, WINDOW)[swap].reshape(12, WINDOW, WINDOW)
            x[22:26] = x[22:26][swap]
        windows.append(x)
        truths.append(t)
    return torch.from_numpy(np.stack(windows)), torch.from_numpy(np.stack(truths))


def loss_of(alpha: Tensor, truth: Tensor, x: Tensor) -> Tensor:
    """Mean absolute error, mostly in doubtful cells, plus that of the differences between neighbouring pixels."""
    doubt = ((x[:, 20:21] < 0.5) & (x[:, 21:22] < 0.5)).float()
    weight = 0.05 + doubt + 0.5 * ((alpha - truth).abs() > 0.3).float().detach()
    error = ((alpha - truth).abs() * weight).sum() / weight.sum()
    a, t = nnf.pixel_shuffle(alpha, 2), nnf.pixel_shuffle(truth, 2)
    fine = nnf.interpolate(weight.mean(1, keepdim=True), scale_factor=2.0)
    across = (a.diff(dim=3) - t.diff(dim=3)).abs() * fine[..., 1:]
    down = (a.diff(dim=2) - t.diff(dim=2)).abs() * fine[..., 1:, :]
    return error + SHARPNESS_WEIGHT * (across.sum() + down.sum()) / fine.sum()


def taken_up(path: Path | None) -> Refiner:
    """A new refiner, or one that goes on from a file that this command wrote."""
    net = Refiner()
    if path:
        kept = {
            w.name.removeprefix("m."): torch.from_numpy(onnx.numpy_helper.to_array(w).copy())
            for w in onnx.load(path).graph.initializer
        }
        net.load_state_dict({name: kept[name] for name in net.state_dict()})
    return net


def mixed(net: Refiner, shares: list[tuple[Path, float]]) -> Refiner:
    """Trained weights mixed with shares of earlier ones: nearly as good on what it learnt, better on what it did not.

    Wortsman et al., "Robust fine-tuning of zero-shot models" and "Model soups", 2022.
    """
    own = 1 - sum(share for _, share in shares)
    total = {name: own * w for name, w in net.state_dict().items()}
    for path, share in shares:
        for name, w in taken_up(path).state_dict().items():
            total[name] = total[name] + share * w
    net.load_state_dict(total)
    return net


def share_of(text: str) -> tuple[Path, float]:
    """FILE=SHARE as a path and a number."""
    path, _, share = text.rpartition("=")
    if not path or not 0 < float(share) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not FILE=SHARE with a share between 0 and 1")
    return Path(path), float(share)


def train(net: Refiner, lessons: list[Lesson], minutes: float, rate: float, rng: np.random.Generator) -> Refiner:
    """AdamW with a cosine step for so many CPU minutes, which a busy machine does not shorten; prints the loss."""
    steps = torch.optim.AdamW(net.parameters(), rate, weight_decay=1e-4)
    started, count = time.process_time(), 0
    while (gone := (time.process_time() - started) / (60 * minutes)) < 1:
        for group in steps.param_groups:
            group["lr"] = 1e-5 + rate * min(1, count / 50) * 0.5 * (1 + np.cos(np.pi * gone))
        x, truth = batch(lessons, rng)
        with torch.autocast("cpu", torch.bfloat16):
            alpha = net(x)
        loss = loss_of(alpha.float(), truth, x)
        steps.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        steps.step()
        count += 1
        if count % 50 == 0:
            print(f"step {count}: loss {loss.item():.4f}, before {loss_of(before(x), truth, x).item():.4f}", flush=True)
    return net


def main(arguments: list[str] | None = None) -> int:
    """Make the lessons, train, write the ONNX file."""
    parser = argparse.ArgumentParser(prog="python -m bench.train_refiner", description=__doc__)
    parser.add_argument("--products", type=Path, required=True, nargs="+", metavar="DIR")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30, help="CPU minutes, of all threads")
    parser.add_argument("--each", type=int, default=4)
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--mix", type=share_of, action="append", default=[], help="FILE=SHARE of weights in the result")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate")
    parser.add_argument("--seed", type=int, default=0, help="other crops and backdrops")
    parser.add_argument("--hold-out", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    rng, networks = np.random.default_rng(asked.seed), Networks()
    known = [(folder, path.stem) for folder in asked.products for path in sorted((folder / "alpha").glob("*.png"))]
    lessons: list[Lesson] = []
    for number, (folder, name) in enumerate(known, 1):
        if name not in asked.hold_out:
            lessons += lessons_of(folder, name, asked.each, networks, rng)
            print(f"{number} of {len(known)}: {name}, {len(lessons)} lessons", flush=True)
    net = mixed(train(taken_up(asked.start), lessons, asked.minutes, asked.rate, rng), asked.mix).eval()
    free = {0: "n", 2: "height", 3: "width"}
    torch.onnx.export(
        net,
        (torch.zeros(1, refiner.CHANNELS, 64, 64),),
        str(asked.out),
        input_names=["features"],
        output_names=["alphas"],
        dynamic_axes={"features": free, "alphas": free},
        opset_version=17,
        dynamo=False,
    )
    print(f"{asked.out}: {sum(p.numel() for p in net.parameters())} weights from {len(lessons)} lessons")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
