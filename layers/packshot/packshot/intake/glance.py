"""A photo as the door sees it: a preview, and what several measurements take from it, worked out once."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

U8 = npt.NDArray[np.uint8]
Grey = npt.NDArray[np.float32]


class Glance:
    """A photo to be judged: ``rgb`` uint8 HxWx3 sRGB, best about 1024 px on the long edge."""

    def __init__(self, rgb: U8) -> None:
        self.rgb = rgb

    @cached_property
    def image(self) -> Image.Image:
        """The photo, mode RGB."""
        return Image.fromarray(self.rgb)

    @cached_property
    def luma(self) -> Image.Image:
        """Its luma (BT.601), mode L."""
        return self.image.convert("L")

    @cached_property
    def _ends(self) -> tuple[U8, U8]:
        """The smallest and the largest channel of each pixel."""
        red, green, blue = self.rgb[..., 0], self.rgb[..., 1], self.rgb[..., 2]  # a last axis of three reduces slowly
        least = np.minimum(np.minimum(red, green), blue)
        return least, np.maximum(np.maximum(red, green), blue)

    def clipped(self, margin: int) -> float:
        """Share of pixels whose channels all lie within ``margin`` of 0, or all within it of 255."""
        least, most = self._ends
        return float((np.count_nonzero(most <= margin) + np.count_nonzero(least >= 255 - margin)) / least.size)

    def grey(self, long_edge: int) -> Grey:
        """Luma at this long edge, never fewer than 8 px across."""
        scale = long_edge / max(self.luma.size)
        size = (max(8, round(self.luma.width * scale)), max(8, round(self.luma.height * scale)))
        return np.asarray(self.luma.resize(size, Image.Resampling.BOX), np.float32)


def reduced(image: Image.Image, long_edge: int) -> Image.Image:
    """Reduced to the long edge; never fewer than 8 px across, so that there is a border and an inside."""
    scale = min(1.0, long_edge / max(image.size))
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)
