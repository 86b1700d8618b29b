"""One picture of all segments for the documentation: source, matte, result on white, from a finished run.

``make run`` first, then ``python -m bench pictures --out out --to docs/segments.jpg``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

CELL = 300
GAP = 12
LABEL = 26
COLUMNS = 2


def fit(image: Image.Image) -> Image.Image:
    """An image within a white cell of CELL x CELL px."""
    small = image.convert("RGBA")
    small.thumbnail((CELL, CELL), Image.Resampling.LANCZOS)
    cell = Image.new("RGB", (CELL, CELL), "white")
    cell.paste(small, ((CELL - small.width) // 2, (CELL - small.height) // 2), small)
    return cell


def one_per_segment(report: dict[str, Any]) -> list[dict[str, Any]]:
    """The first exported photo of each segment, in the order of the segments' names."""
    found: dict[str, dict[str, Any]] = {}
    for photo in report["photos"]:
        if photo["status"] == "exported":
            found.setdefault(photo["segment"], photo)
    return [found[name] for name in sorted(found)]


def sheet(source: Path, out: Path) -> Image.Image:
    """The whole picture."""
    photos = one_per_segment(json.loads((out / "report.json").read_text("utf-8")))
    rows = -(-len(photos) // COLUMNS)
    width = COLUMNS * (3 * (CELL + GAP) + 2 * GAP)
    picture = Image.new("RGB", (width, rows * (CELL + LABEL + GAP) + GAP), "#f4f4f4")
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(16)
    for i, photo in enumerate(photos):
        x = GAP + (i % COLUMNS) * (width // COLUMNS)
        y = GAP + (i // COLUMNS) * (CELL + LABEL + GAP)
        draw.text((x, y), photo["segment"], fill="#333", font=font)
        cells = (source / photo["file"], out / photo["matte"], out / next(iter(photo["exports"].values())))
        for k, path in enumerate(cells):
            with Image.open(path) as image:
                picture.paste(fit(image), (x + k * (CELL + GAP), y + LABEL))
    return picture


def main(arguments: list[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(prog="python -m bench pictures", description=__doc__)
    parser.add_argument("--source", type=Path, default=Path("samples"))
    parser.add_argument("--out", type=Path, default=Path("out"), help="what packshot run left")
    parser.add_argument("--to", type=Path, default=Path("docs/segments.jpg"))
    asked = parser.parse_args(arguments)
    sheet(asked.source, asked.out).save(asked.to, quality=88, optimize=True)
    print(asked.to)


if __name__ == "__main__":
    main()
