"""``python -m bench NAME …``: one measurement; ``python -m bench NAME --help`` tells its options."""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "mattes": "mattes against known truth, by segment and backdrop",
    "quality": "fit and judge the error score on spoiled mattes",
    "escapes": "unusable cut-outs that nothing flags, at full size",
    "closed_loop": "lots with drifting defects through inspection, sampling and learning",
    "fringe": "colour of the edge band on white and black",
    "hostile": "a hundred thousand hostile inputs through intake and metadata code",
    "exports": "bytes, SSIM and colour of exports",
    "faults": "every fault of the catalogue on the real pipeline, and its table",
    "soak": "an hour's drops, compressed: memory and open files",
    "overlays": "text laid over pictures, and how much of it is found",
    "preview": "how long a reviewer waits for a changed photo",
    "steps": "CPU seconds a photo of each step of process",
    "speed": "photos per hour beside the limit and rembg",
    "scale": "close, plan, inspect, audit and report on a million made-up photos: time and memory",
    "deployed": "the deployed system simulated: hours, dollars and the bottleneck by size of drop",
    "cost": "dollars for 1,000 photos by stage, beside commercial services",
    "overhead": "what the local stack costs a photo beside imaging",
    "pictures": "the documentation's picture of all segments",
}


def main(arguments: list[str]) -> int:
    """Run one bench; without a name list them."""
    if not arguments or arguments[0] not in BENCHES:
        print(__doc__)
        for name, what in BENCHES.items():
            print(f"  {name:12} {what}")
        return 0 if not arguments else 2
    bench = importlib.import_module(f"bench.{arguments[0]}")
    done = bench.main(arguments[1:])
    return done if isinstance(done, int) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
