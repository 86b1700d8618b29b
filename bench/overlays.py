"""Bench ``overlays``: text laid over packshots and photos, and how much of it the rule ``no_text`` finds.

``python -m bench overlays [FOLDER …]``: folders of pictures without overlays; the sample photos by default. Pictures
without an even background are counted apart: there the rule is left out.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from packshot.export import inspection, picture

U8 = npt.NDArray[np.uint8]
SIDE = 1000
WORDS = ("NEW", "SALE 50%", "© Acme Studio", "www.acme.example", "Best seller", "100% cotton", "Free shipping")
SIZES = (0.02, 0.04, 0.08, 0.15)  # of the picture's height
INKS = (((20, 20, 20), 1.0), ((200, 0, 0), 1.0), ((128, 128, 128), 0.35))  # the last: a pale watermark
PLACES = ("corner", "bottom", "over")


def laid(rgb: U8, word: str, size: float, ink: tuple[tuple[int, int, int], float], place: str) -> U8:
    """The picture with a word: beside the product (corner, bottom) or over it."""
    high, wide = rgb.shape[:2]
    sheet = Image.new("RGBA", (wide, high), (0, 0, 0, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(max(8, size * high))
    left, top, right, bottom = pen.textbbox((0, 0), word, font=font)
    middle = (wide - right + left) / 2
    at = {
        "corner": (0.03 * wide, 0.02 * high),
        "bottom": (middle, 0.97 * high - bottom),
        "over": (middle, (high - bottom + top) / 2),
    }[place]
    pen.text(at, word, font=font, fill=(*ink[0], round(255 * ink[1])))
    return np.asarray(Image.alpha_composite(Image.fromarray(rgb).convert("RGBA"), sheet).convert("RGB"))


def found(rgb: U8) -> bool | None:
    """Whether text is found in the picture written as JPEG; None where the background is not even."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=88)
    seen = picture.look(inspection.read(out.getvalue()))
    return picture.text_lines(seen.marks, rgb.shape[0]) > 0 if seen.even else None


def pictures(folders: list[Path]) -> list[U8]:
    """All pictures of the folders that open, at most 1000 px."""
    done = []
    for path in sorted(path for folder in folders for path in folder.iterdir()):
        try:
            with Image.open(path) as image:
                image.thumbnail((SIDE, SIDE))
                done.append(np.asarray(image.convert("RGB")))
        except OSError:
            continue  # a catalogue, or the sample that is cut off half-way
    return done


def main(arguments: list[str]) -> dict[str, object]:
    """Run, print one JSON object, return it."""
    clean = pictures([Path(argument) for argument in arguments] or [Path("samples")])
    even = [rgb for rgb in clean if found(rgb) is not None]
    rng, shares = np.random.default_rng(3), {}
    for place in PLACES:
        hits = [
            bool(found(laid(rgb, WORDS[rng.integers(len(WORDS))], size, ink, place)))
            for size in SIZES for ink in INKS for rgb in even
        ]  # fmt: skip
        shares[place] = round(float(np.mean(hits)), 3) if hits else None
    summary = {
        "pictures": len(clean),
        "with_even_background": len(even),
        "false_alarms": sum(bool(found(rgb)) for rgb in even),
        "found_share": shares,
    }
    print(json.dumps({"bench": "overlays", **summary}, indent=2))
    return summary


if __name__ == "__main__":
    main(sys.argv[1:])
