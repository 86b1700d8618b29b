"""Fit and judge the error score on photos with known truth.

    python -m bench.quality --set DIR [--set DIR] [--judge DIR] [--examples FILE] [--write] [--replay FILE]

A set is a folder with ``photos/``, ``alpha/`` (the true mattes, by the photos' names) and ``catalog.csv`` (sku,
segment). Every photo's true matte is spoiled in the ways of ``quality_damage``, and the photo is cut out as process
does it; all is measured as in production. What counts as a defect, as good and as neither: docs/quality.md. The figures
are cross-validated: each SKU is scored by a model that never saw it. ``--judge`` names sets that are judged, never
learnt from.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.quality_fit import (
    Numbers,
    cross_validated,
    fit,
    operating_threshold,
    prior_shift,
    scores,
    shifted,
    with_weights,
)
from bench.quality_report import Kinds, calibration, figures, show, tables, verdicts
from bench.quality_set import Example, own, read_examples, scenes, spoiled, write_examples
from packshot.imaging.networks import Networks
from packshot.quality.limits import load_limits
from packshot.quality.score import COEFFICIENTS_FILE, Coefficients

MOST_FLAGGED = 0.25


def main(argv: Sequence[str] | None = None) -> int:
    """Make or read the examples, fit, print the figures, write what was asked for."""
    options = _options(argv)
    examples = _examples(options.examples, options.set, options.longest)
    kinds = Kinds.of(examples)
    shift = prior_shift(kinds.sure(examples), options.base_rate)
    score = shifted(cross_validated(examples), shift)
    threshold = operating_threshold(score, kinds.good, MOST_FLAGGED)
    found = figures(score, kinds, threshold)
    print(f"cross-validated over {len({e.sku for e in examples})} SKUs, flagged from {threshold:.3f}")
    show(found)
    tables(examples, score >= threshold)
    calibration(kinds.sure(score), kinds.sure(kinds.defect), shift)
    verdicts(examples, score, threshold)
    terms, weights = fit(kinds.sure(examples))
    for folder in options.judge:
        kept = options.examples and options.examples.with_name(f"{folder.name}-{options.examples.name}")
        judged = _examples(kept, [folder], options.longest)
        seen = shifted(scores(judged, terms, weights), shift)
        print(f"{folder.name}, never learnt from")
        show(figures(seen, Kinds.of(judged), threshold))
        verdicts([e for e in judged if e.own], seen[[e.own for e in judged]], threshold, each=True)
    if options.write:
        model = Coefficients(
            command=_command(options),
            fitted_on=f"{len(examples)} examples of {len({e.sku for e in examples})} products",
            base_rate=options.base_rate,
            flag_threshold=round(threshold, 4),
            figures={name: round(value, 4) for name, value in found.items()},
            intercept=round(float(weights[0]) + shift, 4),
            terms=with_weights(terms, weights),
        )
        options.write.write_text(model.model_dump_json(indent=1) + "\n", "utf-8")
        print(f"wrote {options.write}")
    if options.replay:
        _write_replay(options.replay, examples, score)
    return 0


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__.splitlines()[0])
    parser.add_argument("--set", type=Path, action="append", required=True, help="photos/, alpha/, catalog.csv")
    parser.add_argument("--judge", type=Path, action="append", default=[], help="a set that is not learnt from")
    parser.add_argument("--longest", type=int, default=1200, help="working size, px")
    parser.add_argument("--base-rate", type=float, default=0.3, help="share of defects that chances are stated for")
    parser.add_argument("--examples", type=Path, help="JSON lines: read when there, else written")
    parser.add_argument("--write", type=Path, nargs="?", const=COEFFICIENTS_FILE, help="write the coefficients")
    parser.add_argument("--replay", type=Path, help="write a small pool for the closed loop (.jsonl.gz)")
    return parser.parse_args(argv)


def _command(options: argparse.Namespace) -> str:
    sets = " ".join("--set DIR" for _ in options.set)
    return f"python -m bench.quality {sets} --longest {options.longest} --base-rate {options.base_rate} --write"


def _examples(kept: Path | None, folders: Sequence[Path], longest: int) -> list[Example]:
    if kept and kept.exists():
        return read_examples(kept)
    examples = list(_made(folders, longest))
    if kept:
        write_examples(kept, examples)
    return examples


def _made(folders: Sequence[Path], longest: int) -> Iterator[Example]:
    networks = Networks()
    for folder in folders:
        for scene in scenes(folder, longest):
            print(f"\r{scene.name:60s}", end="", file=sys.stderr, flush=True)
            yield from spoiled(scene)
            yield from own(scene, networks)
    print(file=sys.stderr)


def _write_replay(path: Path, examples: Sequence[Example], score: Numbers) -> None:
    """What the closed loop needs of the examples: measurements of the checks, rounded, and the score that a model
    gave which had not seen the product."""
    wanted = {r.of for r in load_limits().root.values()} | {"edge_shift_px"}
    wanted |= {f"shadow_{name}" for name in ("present", "direction", "density", "contact", "area")}
    lines = [
        json.dumps({
            "damage": e.damage,
            "unusable": e.unusable,
            "good": e.good,
            "score": round(float(value), 4),
            "measurements": {k: round(v, 4) for k, v in e.measurements.items() if k in wanted},
        })
        for e, value in zip(examples, score, strict=True)
    ]  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    print(f"wrote {path}")


if __name__ == "__main__":
    raise SystemExit(main())
