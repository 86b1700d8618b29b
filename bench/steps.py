"""CPU seconds a photo of each step of process, and of reading its result for export, one thread.

    OMP_NUM_THREADS=1 python -m bench steps --photos DIR [--catalog FILE] [--turns 2]

Every photo is worked with the settings that its segment starts with. Figures are means of the least of some turns; the
first photo is worked once more before, so that nothing is loaded in a step.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

from packshot.imaging.cutout import Settings, find_matte, finish
from packshot.imaging.decode import PASSED, decode
from packshot.imaging.measure import measure
from packshot.imaging.networks import Networks
from packshot.imaging.onscreen import reduced, webp
from packshot.imaging.png import decode_png, encode_png
from packshot.learning.profiles import default_profile
from packshot.process.checkpoint import preview_side

Times = dict[str, float]
PHOTOS = (".jpg", ".jpeg", ".png")


def work(data: bytes, segment: str, networks: Networks) -> Times:
    """CPU seconds of each step for one photo."""
    spent: Times = {}

    def step(name: str, act: Callable[[], Any]) -> Any:
        start = time.process_time()
        made = act()
        spent[name] = time.process_time() - start
        return made

    settings = Settings.from_dict(default_profile(segment).settings())
    rgb = step("decode", lambda: decode(data, PASSED)).rgb
    raw = step("find", lambda: find_matte(rgb, segment, settings, networks))
    cut = step("finish", lambda: finish(rgb, raw, segment, settings))
    step("measure", lambda: measure(rgb, cut.matte, cut.master, cut.shadow))
    layers = [layer for layer in (cut.master, raw.matte, cut.matte, cut.shadow) if layer is not None]
    files = step("png", lambda: [encode_png(layer) for layer in layers])
    step("webp", lambda: webp(reduced(cut.master, preview_side(max(rgb.shape[:2]))), 75))
    step("read", lambda: [decode_png(file) for file in (files[0], files[-1])])
    return spent


def main(arguments: list[str] | None = None) -> int:
    """Print a table of the steps, a row a segment and one of all."""
    parser = argparse.ArgumentParser(prog="python -m bench steps", description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--catalog", type=Path, help="CSV with sku and segment; without it every photo is general")
    parser.add_argument("--turns", type=int, default=2)
    asked = parser.parse_args(arguments)
    segments: dict[str, str] = {}
    if asked.catalog:
        with asked.catalog.open(encoding="utf-8", newline="") as file:
            segments = {row["sku"]: row["segment"] for row in csv.DictReader(file)}
    cv2.setNumThreads(1)
    networks = Networks(threads=1)
    rows: dict[str, list[Times]] = defaultdict(list)
    for path in sorted(p for p in asked.photos.iterdir() if p.suffix.lower() in PHOTOS):
        segment = segments.get(path.stem.rsplit("_", 1)[0], "general")
        data = path.read_bytes()
        if not rows:
            work(data, segment, networks)
        turns = [work(data, segment, networks) for _ in range(asked.turns)]
        least = {name: min(turn[name] for turn in turns) for name in turns[0]}
        rows[segment].append(least)
        rows["all"].append(least)
    names = list(rows["all"][0])
    print(f"{'segment':>16}" + "".join(f"{name:>9}" for name in names))
    for segment, photos in sorted(rows.items(), key=lambda row: (row[0] == "all", row[0])):
        means = [sum(photo[name] for photo in photos) / len(photos) for name in names]
        print(f"{segment:>11} ({len(photos):2})" + "".join(f"{value:9.4f}" for value in means))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
