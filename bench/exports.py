"""Bench ``exports``: bytes against Pillow's quality 95, fidelity, and seconds per photo, on synthetic masters or yours.

``python -m bench exports [FOLDER]``: with a folder of RGBA masters (PNG), those are measured instead.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.export.channels import load
from packshot.export.exported import Exported, ExportMeta
from packshot.export.render import Studio
from packshot.export.stage import export_photo
from packshot.records import CatalogEntry

U8 = npt.NDArray[np.uint8]
ON = dt.date(2026, 11, 23)
THREE = ["amazon", "shopify", "google"]
# name, colour, grain: from calm ceramics to coloured fur, about as a catalogue has them
SYNTHETIC: tuple[tuple[str, tuple[int, int, int], float], ...] = (
    ("porcelain", (232, 230, 226), 1.0),
    ("plastic", (40, 90, 170), 1.5),
    ("leather", (150, 60, 45), 6.0),
    ("steel", (150, 152, 156), 3.0),
    ("cotton", (190, 182, 170), 5.0),
    ("wool", (120, 96, 70), 14.0),
)


def synthetic(colour: tuple[int, int, int], grain: float, width: int = 1800, height: int = 2400) -> tuple[U8, U8]:
    """A shaded body with grain and a soft edge, uint8 HxWx4, and its contact shadow, uint8 HxW."""
    rng = np.random.default_rng(11)
    alpha = np.zeros((height, width), np.uint8)
    cv2.ellipse(alpha, (width // 2, height // 2), (int(width * 0.38), int(height * 0.36)), 0, 0, 360, 255, -1)
    alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), 1.0), np.uint8)
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    light = 1.05 - 0.45 * x**2 + 0.1 * np.sin(9 * y)
    # grain is mostly light and shade, a sixth of it colour, as in photos of real material
    grey, tint = rng.normal(0, grain, (height, width, 1)), rng.normal(0, grain / 6, (height, width, 3))
    noise = np.asarray(cv2.GaussianBlur((grey + tint).astype(np.float32), (0, 0), 0.9))
    rgb = np.clip(np.array(colour, np.float32) * light + noise, 0, 255).astype(np.uint8)
    shadow = np.zeros((height, width), np.float32)
    cv2.ellipse(shadow, (width // 2, int(height * 0.86)), (width // 3, height // 60), 0, 0, 360, 130, -1)
    return np.dstack([rgb, alpha]), np.asarray(cv2.GaussianBlur(shadow, (0, 0), 24), np.uint8)


def masters(folder: Path | None) -> Iterator[tuple[str, U8, U8 | None]]:
    """Name, master and shadow of each photo to measure."""
    if folder is None:
        for name, colour, grain in SYNTHETIC:
            yield (name, *synthetic(colour, grain))
        return
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            yield path.stem, np.asarray(image.convert("RGBA")), None


def baseline(master: U8, shadow: U8 | None, done: Exported) -> int:
    """Bytes of the same rendering as a plain Pillow JPEG of quality 95."""
    rendering = Studio(master, shadow).render(load()[done.channel].render)[1]
    out = io.BytesIO()
    Image.fromarray(rendering.pixels).save(out, "JPEG", quality=95)
    return out.tell()


def measure(name: str, master: U8, shadow: U8 | None) -> list[dict[str, Any]]:
    """One photo to all channels: a row per lossy file, with CPU seconds for all and for three channels."""
    entry = CatalogEntry(sku=name.upper(), title=name, category="bench")
    meta = ExportMeta(catalog=entry, sku=entry.sku)
    clock = time.process_time()
    export_photo(master, shadow, meta, THREE, ON)
    three, clock = time.process_time() - clock, time.process_time()
    done = export_photo(master, shadow, meta, [name for name in load() if name != "mockup"], ON)
    everything = time.process_time() - clock
    return [
        {
            "photo": name,
            "channel": one.channel,
            "bytes": one.bytes,
            "share": one.bytes / baseline(master, shadow, one),
            "ssim": one.ssim,
            "delta_e": one.delta_e,
            "held": one.held is not None,
            "seconds_all": everything,
            "seconds_three": three,
        }
        for one in done
        if one.channel != "archive"
    ]


def main(arguments: list[str]) -> dict[str, Any]:
    """Run, print one JSON object, return it."""
    cv2.setNumThreads(1)
    folder = Path(arguments[0]) if arguments else None
    measure("warm", *synthetic((90, 90, 90), 2.0, 450, 600))  # imports, tables and channel files are paid once
    rows = [row for name, master, shadow in masters(folder) for row in measure(name, master, shadow)]
    photos = {row["photo"]: row for row in rows}.values()
    summary = {
        "photos": len(photos),
        "files": len(rows),
        "held": sum(row["held"] for row in rows),
        "median_share_of_q95": round(statistics.median(row["share"] for row in rows), 3),
        "least_ssim": round(min(row["ssim"] for row in rows), 4),
        "most_delta_e": round(max(row["delta_e"] for row in rows), 3),
        "median_cpu_seconds_all_channels": round(statistics.median(row["seconds_all"] for row in photos), 2),
        "most_cpu_seconds_all_channels": round(max(row["seconds_all"] for row in photos), 2),
        "median_cpu_seconds_three_channels": round(statistics.median(row["seconds_three"] for row in photos), 2),
    }
    print(json.dumps({"bench": "exports", **summary}, indent=2))
    return summary


if __name__ == "__main__":
    main(sys.argv[1:])
