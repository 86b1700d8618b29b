"""A decoded image to upright 8-bit sRGB, strip by strip: one needs Pillow's copy of it, the result, and no more."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.imaging import colour_profile

Array = npt.NDArray[np.uint8]
_STRIP = 256  # rows


class Strips:
    """Turns a loaded image into upright arrays, strip by strip; what was converted is added to ``notes``.

    ``bits``: a channel of the file has; ``icc``: the profile that its colours are in, None for sRGB. Raises
    colour_profile.Unconvertible.
    """

    def __init__(self, image: Image.Image, bits: int, icc: bytes | None, notes: list[str]) -> None:
        self.image = image
        self.transparent = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
        plain = {"1": "L", "I;16": "L", "I": "L", "LA": "L", "P": "RGB", "PA": "RGB", "RGBA": "RGB"}
        base = plain.get(image.mode, image.mode)
        self.to_srgb = colour_profile.ToSrgb(base, icc)
        self.base, self.notes = base, notes
        if bits > 8:
            notes.append(f"{bits} bits a channel were reduced to 8")
        if image.mode not in ("RGB", "RGBA"):
            notes.append(f"converted from {'1-bit' if image.mode == '1' else image.mode} to RGB")

    def upright(self, factor: int, turn: int) -> tuple[Array, Array | None]:
        """Arrays reduced by an integer factor and turned upright (EXIF orientation 1..8)."""
        width, height = -(-self.image.width // factor), -(-self.image.height // factor)
        shape = (width, height) if turn >= 5 else (height, width)
        rgb = np.empty((*shape, 3), np.uint8)
        alpha = np.empty(shape, np.uint8) if self.transparent else None
        rows = max(1, _STRIP // factor) * factor
        for top in range(0, self.image.height, rows):
            strip = self.image.crop((0, top, self.image.width, min(top + rows, self.image.height)))
            colour, cover = self._strip(strip, factor)
            at = slice(top // factor, top // factor + colour.shape[0])
            if cover is not None and alpha is not None:
                colour = _on_white(colour, cover)
                _as_stored(alpha, turn)[at] = cover
            _as_stored(rgb, turn)[at] = colour
        if alpha is not None and int(alpha.min()) == 255:
            alpha = None
        if alpha is not None:
            self.notes.append("transparent parts were put on white; the transparency is kept beside it")
        return rgb, alpha

    def _strip(self, strip: Image.Image, factor: int) -> tuple[Array, Array | None]:
        cover = None
        if self.transparent:
            strip = strip.convert("RGBA")
            cover = strip.getchannel("A")
            strip = strip.convert("RGB")
        elif strip.mode in ("I;16", "I"):
            deep = np.asarray(strip).astype(np.uint32)
            strip = Image.fromarray(((np.minimum(deep, 65535) + 128) // 257).astype(np.uint8))
        if strip.mode != self.base:
            strip = strip.convert(self.base)
        if factor > 1:
            strip = strip.reduce(factor)
            cover = cover.reduce(factor) if cover is not None else None
        return np.asarray(self.to_srgb(strip)), np.asarray(cover) if cover is not None else None


def _as_stored(upright: Array, turn: int) -> Array:
    """A view of an upright array that has the rows and columns of the file (EXIF orientation 1..8).

    Writing file rows into the view turns them upright without another copy. Source: EXIF 2.32, tag 274.
    """
    view = upright.swapaxes(0, 1) if turn >= 5 else upright
    flip_rows, flip_columns = {
        1: (False, False), 2: (False, True), 3: (True, True), 4: (True, False),
        5: (False, False), 6: (False, True), 7: (True, True), 8: (True, False),
    }[turn]  # fmt: skip
    if turn >= 5:  # the axes are swapped: flips speak of the upright array
        flip_rows, flip_columns = flip_columns, flip_rows
    return view[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]


def _on_white(colour: Array, cover: Array) -> Array:
    if int(cover.min()) == 255:
        return colour
    weight = cover.astype(np.float32)[..., None] / 255
    return np.rint(colour * weight + 255 * (1 - weight)).astype(np.uint8)
