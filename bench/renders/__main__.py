"""Photos of made-up products with exact truth: `python -m bench.renders --out DIR`.

Needs Blender as a module, in an environment of its own (docs/mattes.md). Products that DIR already has are skipped.
"""

from __future__ import annotations

import argparse
import importlib
import time
import zlib
from pathlib import Path

import numpy as np

from bench.renders.catalogue import Product, products
from bench.renders.develop import develop, write


def make(product: Product, folder: Path, side: int, samples: int, seed: int, threads: int) -> None:
    """Build, render and write one product; the seed and the SKU settle everything left to chance."""
    from bench.renders import shoot, studio

    rng = np.random.default_rng([seed, zlib.crc32(product.name.encode())])
    shoot.fresh(threads)
    family, builder = product.builder.split(".")
    getattr(importlib.import_module(f"bench.renders.{family}"), builder)(rng)
    objects = shoot.everything()
    points = studio.outline(objects)
    view = studio.aim(points, product, side, rng)
    studio.dress(points, product, rng)
    shot = shoot.passes(objects, view, samples, int(rng.integers(1 << 30)))
    white = product.background == "white"
    write(folder, product, develop(shot.product, shot.covered, shot.alpha, shot.plate, white, rng))


def main(arguments: list[str] | None = None) -> int:
    """Render the products asked for, one after another."""
    parser = argparse.ArgumentParser(prog="python -m bench.renders", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="*", metavar="NAME", help="parts of SKUs; all products without it")
    parser.add_argument("--side", type=int, default=1400, help="long side in pixels")
    parser.add_argument("--samples", type=int, default=32, help="paths per pixel at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args(arguments)
    for product in products():
        if asked.only and not any(part in product.sku for part in asked.only):
            continue
        if (asked.out / "photos" / f"{product.stem}.jpg").exists():
            continue
        wall, spent = time.monotonic(), time.process_time()
        make(product, asked.out, asked.side, asked.samples, asked.seed, asked.threads)
        print(
            f"{product.sku}: {time.process_time() - spent:.0f} core-seconds, {time.monotonic() - wall:.0f} s",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
