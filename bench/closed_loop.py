"""Closed loop: a stream of lots whose defects drift, through the real inspection, sampling and learning code.

    python -m bench.closed_loop [--examples FILE] [--seeds 20] [--lots 60] [--out DIR]

Only the pictures are replayed: each photo of a lot is one measured example (``python -m bench.quality --replay``
makes them), good or spoiled, with its truth and the error score of a model that never saw its product. Checks,
verdict, plan, draw, lot decision, switching, profile updates and the sequential rollback test are the ones that run
in production. The reviewer is simulated: sees a defect with a stated probability, refuses a good photo with another.

The story: a calm start at 4 % defects; at lot 15 a drift to 20 %, made of a systematic edge bias (which
overrides can teach away) and of random damage; at lot 40 somebody publishes a bad profile version, which the
rollback must take back.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from bench.closed_loop_policies import simulate
from bench.closed_loop_report import flat_share_needed, plot, summary
from bench.closed_loop_story import Reviewer, read_pool

DEFAULT_EXAMPLES = Path(__file__).parent / "data" / "replay.jsonl.gz"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the story over seeds, print the figures, write them and the plot."""
    parser = argparse.ArgumentParser(prog="python -m bench.closed_loop", description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=Path, default=DEFAULT_EXAMPLES)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--lots", type=int, default=60)
    parser.add_argument("--sees", type=float, default=0.95, help="chance that the reviewer sees a defect")
    parser.add_argument("--cries", type=float, default=0.02, help="chance that a good photo is refused")
    parser.add_argument("--out", type=Path, help="folder for closed_loop.png and closed_loop.json")
    options = parser.parse_args(argv)
    pool, reviewer = read_pool(options.examples), Reviewer(options.sees, options.cries)
    runs = [simulate(pool, options.lots, seed, reviewer) for seed in range(options.seeds)]
    needed = [flat_share_needed(pool, options.lots, s, reviewer, 0.02) for s in range(min(5, options.seeds))]
    figures = summary(runs, needed)
    for name, (middle, low, high) in figures.items():
        print(f"{name:55s} {middle:7.4f}  [{low:.4f}, {high:.4f}]")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        text = {"seeds": options.seeds, "lots": options.lots, "figures": figures}
        (options.out / "closed_loop.json").write_text(json.dumps(text, indent=1), "utf-8")
        plot(runs, options.out / "closed_loop.png")
        print(f"wrote {options.out}/closed_loop.json and closed_loop.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
