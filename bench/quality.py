"""Fit and judge the error score on photos with known truth.

    python -m bench.quality --photos DIR --truth DIR --catalog FILE [--colours DIR --more 2]
                            [--mattes NAME=DIR ...] [--examples FILE] [--write] [--replay FILE]

Every photo's true matte is spoiled in the ways of ``quality_damage`` and measured as in production; with
``--colours`` (the products' own colours) further photos are made on other backdrops. A defect is a matte
that is not usable by the truth, a tint of 2 CIEDE2000 or more, or a shadow turned against its lot. The
figures are cross-validated: each SKU is scored by a model that never saw it. ``--mattes`` adds mattes that
networks made; they are judged, never learnt from.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from bench.quality_fit import (
    LOT,
    Numbers,
    Truths,
    cross_validated,
    figures,
    fit,
    operating_threshold,
    prior_shift,
    shifted,
    with_weights,
)
from bench.quality_scenes import Scene, read_alpha
from bench.quality_set import (
    Example,
    natural,
    read_catalog,
    read_examples,
    scenes,
    shrink,
    spoiled,
    write_examples,
)
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.quality.score import COEFFICIENTS_FILE, Coefficients, error_score
from packshot.quality.verdict import verdict
from packshot.records import Verdict

RECALL, MOST_FLAGGED = 0.95, 0.25


class _Threshold:
    """What a verdict needs of a profile."""

    def __init__(self, flag_threshold: float) -> None:
        self.flag_threshold = flag_threshold


def main(argv: Sequence[str] | None = None) -> int:
    """Make or read the examples, fit, print the figures, write what was asked for."""
    options = _options(argv)
    if options.examples and options.examples.exists():
        examples = read_examples(options.examples)
    else:
        examples = list(_progress(_made(options)))
        if options.examples:
            write_examples(options.examples, examples)
    bad = np.array([e.defect for e in examples])
    spotless = np.array([e.damage == "none" for e in examples])
    shift = prior_shift(examples, options.base_rate)
    score = shifted(cross_validated(examples), shift)
    threshold = operating_threshold(score, bad, spotless, RECALL, MOST_FLAGGED)
    found = figures(score, bad, threshold) | {"flagged_spotless": float((score[spotless] >= threshold).mean())}
    print(f"cross-validated over {len({e.sku for e in examples})} SKUs, flagged from {threshold:.3f}")
    _print(found)
    _tables(examples, score >= threshold)
    _calibration(score, bad, shift)
    model = _model(examples, options, shift, threshold, found)
    _verdicts(examples, score, threshold)
    for name, folder in options.mattes:
        _judge_network(name, folder, options, model)
    if options.write:
        options.write.write_text(model.model_dump_json(indent=1) + "\n", "utf-8")
        print(f"wrote {options.write}")
    if options.replay:
        _write_replay(options.replay, examples)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--truth", type=Path, required=True, help="PNG mattes by the photos' names")
    parser.add_argument("--catalog", type=Path, help="CSV with sku and segment; without it all are 'general'")
    parser.add_argument("--colours", type=Path, help="the products' own colours, for made photos")
    parser.add_argument("--more", type=int, default=2, help="made photos a product")
    parser.add_argument("--longest", type=int, default=1600, help="working size, px")
    parser.add_argument("--base-rate", type=float, default=0.3, help="share of defects that chances are stated for")
    parser.add_argument("--mattes", type=_named, action="append", default=[], help="NAME=DIR of network mattes")
    parser.add_argument("--examples", type=Path, help="JSON lines: read when there, else written")
    parser.add_argument("--write", type=Path, nargs="?", const=COEFFICIENTS_FILE, help="write the coefficients")
    parser.add_argument("--replay", type=Path, help="write a small pool for the closed loop (.jsonl.gz)")
    return parser.parse_args(argv)


def _named(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not equals or not Path(folder).is_dir():
        raise argparse.ArgumentTypeError(f"{text} is not NAME=DIR")
    return name, Path(folder)


def _segments(options: argparse.Namespace) -> dict[str, str]:
    return read_catalog(options.catalog) if options.catalog else {}


def _made(options: argparse.Namespace) -> Iterator[Example]:
    found = scenes(options.photos, options.truth, _segments(options), options.colours, options.more)
    for scene in found:
        yield from spoiled(shrink(scene, options.longest))


def _progress(examples: Iterator[Example]) -> Iterator[Example]:
    for number, example in enumerate(examples):
        if example.damage == "none":
            print(f"\r{number:5d} examples, now {example.name:40s}", end="", file=sys.stderr, flush=True)
        yield example
    print(file=sys.stderr)


def _print(found: dict[str, float]) -> None:
    print("  " + ", ".join(f"{name} {value:.4g}" for name, value in found.items()))


def _tables(examples: Sequence[Example], flagged: Truths) -> None:
    """Missed and falsely flagged, by damage and by segment."""
    keys: tuple[tuple[str, Callable[[Example], str]], ...] = (
        ("damage", lambda e: e.damage),
        ("segment", lambda e: e.segment),
    )
    for name, key in keys:
        rows: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for example, flag in zip(examples, flagged, strict=True):
            row = rows[key(example)]
            if example.defect:
                row[0] += 1
                row[1] += not flag
            else:
                row[2] += 1
                row[3] += bool(flag)
        print(f"{name:24s} defects  missed   good  flagged")
        for label, (defects, missed, good, alarms) in rows.items():
            print(f"  {label:22s} {defects:7d} {missed:7d} {good:6d} {alarms:8d}")


def _calibration(score: Numbers, bad: Truths, shift: float) -> None:
    """Stated against seen chance of a defect, at the examples' own share of defects."""
    plain = shifted(score, -shift)
    print("stated chance, seen share (at the examples' own share of defects)")
    for low, high in ((0, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 0.9), (0.9, 1.01)):
        here = (plain >= low) & (plain < high)
        if here.any():
            print(f"  {plain[here].mean():.2f}  {bad[here].mean():.2f}  ({int(here.sum())} photos)")


def _verdicts(examples: Sequence[Example], score: Numbers, threshold: float) -> None:
    """What score and checks together let pass."""
    passed, good_flagged, good, escaped = 0, 0, 0, 0
    raised: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for example, value in zip(examples, score, strict=True):
        checks = check(example.measurements, example.segment, load_limits(), LOT)
        outcome, flags = verdict(checks, float(value), example.segment, _Threshold(threshold))
        for flag in flags:
            raised[flag][example.defect] += 1
        good += not example.defect
        good_flagged += outcome != Verdict.PASS and not example.defect
        passed += outcome == Verdict.PASS
        escaped += outcome == Verdict.PASS and example.defect
    print(f"verdicts: {passed} pass, of them {escaped} defects; {good_flagged / max(1, good):.3f} of good ones flagged")
    print("  raised on good / on defects: " + ", ".join(f"{k} {g}/{d}" for k, (g, d) in raised.items()))


def _model(
    examples: Sequence[Example],
    options: argparse.Namespace,
    shift: float,
    threshold: float,
    found: dict[str, float],
) -> Coefficients:
    terms, weights = fit(examples)
    command = (
        "python -m bench.quality --photos DIR --truth DIR --catalog FILE --colours DIR "
        f"--more {options.more} --longest {options.longest} --base-rate {options.base_rate} --write"
    )
    return Coefficients(
        command=command,
        fitted_on=f"{len(examples)} examples of {len({e.sku for e in examples})} products",
        base_rate=options.base_rate,
        flag_threshold=round(threshold, 4),
        figures={name: round(value, 4) for name, value in found.items()},
        intercept=round(float(weights[0]) + shift, 4),
        terms=with_weights(terms, weights),
    )


def _judge_network(name: str, folder: Path, options: argparse.Namespace, model: Coefficients) -> None:
    """A network's mattes: how many are defects, how many of those are flagged, what passes unseen.

    The folder may belong to other photos (``folder/photos``, ``folder/truth``); else the command's photos
    count.
    """
    photos = folder / "photos" if (folder / "photos").is_dir() else options.photos
    truths = folder / "truth" if (folder / "truth").is_dir() else options.truth
    found = []
    for scene in scenes(photos, truths, _segments(options), None, 0):
        path = next(iter(folder.glob(f"{scene.sku}*.png")), None)
        if path is None:
            raise ValueError(f"{folder} has no matte of {scene.sku}")
        matte = cv2.resize(read_alpha(path), scene.truth.shape[::-1], interpolation=cv2.INTER_LINEAR)
        found.append(_natural(scene, name, np.asarray(matte, np.uint8), options.longest))
    bad = np.array([e.defect for e in found])
    score = np.array([error_score(e.measurements, e.segment, coefficients=model) for e in found])
    outcomes = [
        verdict(
            check(e.measurements, e.segment, load_limits()),
            float(s),
            e.segment,
            _Threshold(model.flag_threshold),
        )
        for e, s in zip(found, score, strict=True)
    ]
    passed = np.array([outcome == Verdict.PASS for outcome, _ in outcomes])
    passed_bad, area = int((passed & bad).sum()), figures(score, bad, model.flag_threshold)["auc"]
    print(
        f"{name}: {len(found)} mattes, {int(bad.sum())} defects; {int(passed.sum())} pass, of them {passed_bad} defects"
    )
    print(f"  the score's AUC {area:.3f}")
    for e, s, (outcome, flags) in zip(found, score, outcomes, strict=True):
        truth = "DEFECT" if e.defect else "good"
        print(f"  {e.name:26s} {truth:7s} {outcome:5s} {s:.3f}  iou {e.iou:.3f} edge {e.edge:.3f}  {', '.join(flags)}")


def _natural(scene: Scene, name: str, matte: np.ndarray, longest: int) -> Example:
    small = shrink(scene, longest)
    size = small.truth.shape[::-1]
    return natural(small, name, np.asarray(cv2.resize(matte, size, interpolation=cv2.INTER_AREA), np.uint8))


def _write_replay(path: Path, examples: Sequence[Example]) -> None:
    """What the closed loop needs of the examples: measurements of checks and score, rounded."""
    terms, _ = fit(examples)
    rules = load_limits().root.values()
    wanted = {t.of for t in terms} | {r.of for r in rules}
    wanted |= {
        "edge_shift_px",
        "shadow_present",
        "shadow_direction",
        "shadow_density",
        "shadow_contact",
        "shadow_area",
    }
    lines = [
        json.dumps({
            "damage": e.damage,
            "defect": e.defect,
            "segment": e.segment,
            "measurements": {k: round(v, 4) for k, v in e.measurements.items() if k in wanted},
        })
        for e in examples
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    print(f"wrote {path}")


if __name__ == "__main__":
    raise SystemExit(main())
