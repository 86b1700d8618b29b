"""Tune the accurate network to products: `python -m bench.train_isnet --published FILE --products DIR --out FILE`.

Its weights stay as they were published. What learns is a gain and a shift of every output channel of every convolution
(Frankle, Schwab, Morcos, "Training BatchNorm and only BatchNorm", 2021): 0.1 % of its numbers, too few to forget what
it was made for, enough to learn what is sold and what only stands behind it. DIR holds `photos/`, `alpha/` and `fg/` of
known products (see `bench.isnet_lessons`); the truth of apparel is with what wears it. Needs torch and onnx beside the
project's own packages. `--mix` takes the mean of several files that this command wrote.

To make the network smaller: `--keep SHARE` switches channels off, those that matter least for what they cost
(`bench.isnet_channels`), in turns during the first half of the time, until so much of the multiplications is left.
Their gain and shift become zero and stay so: go on from that file without `--keep`, and mix only files that came from
the same one. `--rank` and `--teacher` help it to say again what the whole network says.

The network that runs is built from the published file and this one, so new ranges are measured (`bench.calibrate`) and
the registry gets a new hash.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from bench.isnet_channels import Worth, dearest
from bench.isnet_lessons import Product, lesson, products
from bench.isnet_tunable import Tunable
from packshot.imaging import quantise

LESSONS_A_STEP = 2
RIM_PX = 5
"""Width of what is looked at beside a soft pixel, in pixels of the network."""
WHEN_DROPPED = (0.07, 0.14, 0.21, 0.28, 0.35, 0.42, 0.49)
"""Shares of the time after which channels are switched off."""
FORGOTTEN = 0.98
"""What is left of a step's word on the worth of channels at the next."""
TEACHER_WEIGHT = 2.0
RIM_WEIGHT, CROSS_ENTROPY_WEIGHT, OTHERS_WEIGHT = 2.0, 3.0, 0.5


def loss_of(answer: Tensor, truth: Tensor) -> Tensor:
    """Cross entropy, more of it near edges; what is missing of the overlap; mean error near edges."""
    soft = ((truth > 0.03) & (truth < 0.97)).float()
    rim = nnf.max_pool2d(soft, RIM_PX, 1, RIM_PX // 2)
    entropy = nnf.binary_cross_entropy_with_logits(answer, truth, reduction="none")
    alpha = torch.sigmoid(answer)
    overlap = (torch.minimum(alpha, truth).sum() + 1) / (torch.maximum(alpha, truth).sum() + 1)
    off = ((alpha - truth).abs() * rim).sum() / (rim.sum() + 1)
    return CROSS_ENTROPY_WEIGHT * (entropy * (1 + RIM_WEIGHT * rim)).mean() + OTHERS_WEIGHT * (1 - overlap + off)


def apart(answer: list[Tensor], wanted: list[Tensor], left: list[Tensor]) -> Tensor:
    """How far the ends of blocks are from the teacher's, by their mean square; the mean of all blocks."""
    pairs = [(a.float(), w[:, places].float()) for a, w, places in zip(answer, wanted, left, strict=True)]
    return torch.stack([((a - w) ** 2).mean() / (w**2).mean().clamp_min(1e-6) for a, w in pairs]).mean()


def train(
    net: Tunable,
    known: list[Product],
    minutes: float,
    rate: float,
    rng: np.random.Generator,
    keep: float | None = None,
    teacher: Tunable | None = None,
) -> None:
    """Adam with a cosine step for so many CPU minutes; prints the loss. `keep`, `teacher`: see the options."""
    steps = torch.optim.Adam(net.parameters(), rate, betas=(0.9, 0.98))
    started, count, losses = time.process_time(), 0, [0.0]
    worth: Worth = {}
    turns = (
        [] if keep is None else list(zip(WHEN_DROPPED, np.geomspace(1, keep, len(WHEN_DROPPED) + 1)[1:], strict=True))
    )
    while (gone := (time.process_time() - started) / (60 * minutes)) < 1:
        for group in steps.param_groups:
            group["lr"] = rate * min(1, count / 30) * 0.5 * (1 + np.cos(np.pi * gone))
        for _ in range(LESSONS_A_STEP):
            shown, truth = (torch.from_numpy(part) for part in lesson(known, rng))
            answer, ends = net(shown)
            loss = loss_of(answer, truth)
            if teacher is not None:
                with torch.no_grad():
                    wanted = teacher(shown)[1]
                loss = loss + TEACHER_WEIGHT * apart(ends, wanted, net.ends())
            (loss / LESSONS_A_STEP).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.item())
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if turns:
            for name, move in net.moves().items():
                worth[name] = worth.get(name, 0) * FORGOTTEN + move**2
        steps.step()
        if turns and gone >= turns[0][0]:
            share = turns.pop(0)[1]
            net.drop(dearest(net.met, worth, net.widths, share), steps)
            worth = {}
            print(f"step {count}: {share:.2f} of the multiplications left", flush=True)
        steps.zero_grad()
        count += 1
        if count % 25 == 0:
            print(f"step {count}: loss {np.mean(losses[-200:]):.4f}", flush=True)


def mean_of(files: list[Path]) -> quantise.Tuning:
    """The mean of the networks of several tunings (Wortsman et al., "Model soups", 2022); their ranks add up."""
    read = [quantise.tuning(file) for file in files]
    layers = [name for name in read[0] if read[0][name].ndim == 2 and not name.endswith(".up")]
    made = {name: np.mean([one[name] for one in read], axis=0, dtype=np.float32) for name in layers}
    for name in layers:
        if f"{name}.up" not in read[0]:
            continue
        whole = np.where(made[name][0] == 0, 1, made[name][0])
        shares = [(one[name][0] / (len(read) * whole))[:, None] for one in read]  # a gain multiplies what is added, too
        ups = [one[f"{name}.up"] * share for one, share in zip(read, shares, strict=True)]
        made[f"{name}.up"] = np.concatenate(ups, axis=1).astype(np.float16)
        made[f"{name}.down"] = np.concatenate([one[f"{name}.down"] for one in read])
    return made


def main(arguments: list[str] | None = None) -> int:
    """Tune, or mix, and write the file."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.train_isnet", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--published", type=Path, help="the network as it was published")
    parser.add_argument("--products", type=Path, nargs="+", metavar="DIR")
    parser.add_argument("--mix", type=Path, nargs="+", metavar="FILE", help="no training: the mean of these")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40, help="CPU minutes, of all threads")
    parser.add_argument("--start", type=Path, help="go on from this tuning")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate")
    parser.add_argument("--keep", type=float, metavar="SHARE", help="switch channels off until this share is left")
    parser.add_argument("--teacher", type=Path, help="a tuning of the whole network: stay near what its blocks give")
    parser.add_argument("--rank", type=int, default=0, help="also learn what is added to the weights, of this rank")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hold-out", nargs="*", default=[])
    asked = parser.parse_args(arguments)
    if asked.mix:
        learnt = mean_of(asked.mix)
    elif asked.published and asked.products:
        cv2.setNumThreads(1)
        known = products(asked.products, asked.hold_out)
        print(f"{len(known)} photos", flush=True)
        start = quantise.tuning(asked.start) if asked.start else None
        net = Tunable(asked.published, start, asked.rank, asked.seed)
        teacher = Tunable(asked.published, quantise.tuning(asked.teacher)) if asked.teacher else None
        train(net, known, asked.minutes, asked.rate, np.random.default_rng(asked.seed), asked.keep, teacher)
        learnt = net.tuning()
    else:
        parser.error("either --published and --products, or --mix")
    np.savez_compressed(asked.out, **learnt)
    print(f"{asked.out}: {sum(pair.size for pair in learnt.values())} numbers")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
