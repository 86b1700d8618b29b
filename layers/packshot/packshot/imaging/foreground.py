"""The product's own colour where photo pixels are a mixture of product and backdrop.

Two-pass blur fusion (Forte, "Approximate fast foreground colour estimation", ICIP 2021), in linear light. It takes the
matte for the truth; ours errs by some hundredths, and what is too much shows as backdrop in the fringe. So means are
weighted by the eighth power of the shares, for surer pixels, and a pixel corrects its mean by the cube of its own.
The wide pass runs on a small copy, the narrow one at full size and only in the tiles that hold soft pixels, so that a
large photo needs no full-size float copies and a clear outline costs what its length does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.reduced import enlarged, shrunk
from packshot.imaging.tiles import Part, grown, runs

WIDE_LONG_SIDE = 640
WIDE_RADIUS_SHARE = 0.02
NARROW_RADIUS_SHARE = 0.003
SOFT_LOW, SOFT_HIGH = 1, 254


def product_colour(rgb: U8, matte: U8, strength: float = 1.0) -> U8:
    """The photo with every soft pixel's colour replaced by the product's share of it.

    rgb uint8 HxWx3 sRGB, matte uint8 HxW; strength 0 keeps the photo's colours, 1 removes the backdrop's
    share fully. Pixels with matte 255 keep the photo's bytes; where the matte is 0 the colour is 0.
    """
    out = np.asarray(cv2.copyTo(rgb, matte), np.uint8)
    soft = np.asarray(cv2.inRange(matte, SOFT_LOW, SOFT_HIGH), np.uint8)
    if strength <= 0 or not cv2.hasNonZero(soft):
        return out
    radius = max(2, round(NARROW_RADIUS_SHARE * max(matte.shape)))
    wide = _wide_pass(rgb, matte, cv2.boundingRect(soft), radius)
    for box in runs(soft):
        _narrow_pass(rgb, matte, out, soft, box, radius, wide, strength)
    return out


def _means(alpha: F32, fore: F32, back: F32, radius: int) -> tuple[F32, F32, F32]:
    """What blur fusion needs around each pixel: alpha in all three channels, the foreground's mean and the backdrop's.

    numpy works on arrays of one shape several times quicker than on a last axis of three against one of one.
    """
    return cv2.merge([alpha] * 3), _mean(fore, alpha, radius), _mean(back, 1 - alpha, radius)


def _mean(colour: F32, share: F32, radius: int) -> F32:
    kernel = (2 * radius + 1, 2 * radius + 1)
    weight = cv2.merge([np.square(np.square(np.square(share)))] * 3)
    mean: F32 = cv2.blur(colour * weight, kernel)
    mean /= cv2.blur(weight, kernel) + 1e-5
    return mean


def _fused(image: F32, share: F32, mean_f: F32, mean_b: F32) -> F32:
    """The foreground that explains the pixels best, near its mean; all of one shape ...x3, linear."""
    fitted = mean_f + share * share * share * (image - share * mean_f - (1 - share) * mean_b)
    clipped: F32 = np.clip(fitted, 0, 1, out=fitted)
    return clipped


@dataclass(frozen=True)
class Wide:
    """Foreground and mean backdrop, float32 h x w x 3 linear, of a box of the photo that begins at `top`, `left`.

    Each of their pixels stands for `step` x `step` of the photo's.
    """

    fore: F32
    back: F32
    top: int
    left: int
    step: int

    def at(self, part: Part) -> tuple[F32, F32]:
        """Both for a box of the photo, enlarged linearly."""
        how = (1 / self.step, 1 / self.step), (self.top // self.step, self.left // self.step)
        return enlarged(self.fore, part, *how), enlarged(self.back, part, *how)


def _wide_pass(rgb: U8, matte: U8, box: Sequence[int], margin: int) -> Wide:
    """The wide pass around a box (x, y, width, height), on a copy reduced by a whole number: that is quickest."""
    height, width = matte.shape
    step = max(1, round(max(height, width) / WIDE_LONG_SIDE))
    radius = max(2, round(WIDE_RADIUS_SHARE * max(height, width) / step))
    reach = margin + 2 * (radius + 1) * step  # a mean of what itself is fitted to means
    x, y, w, h = box
    left, right = max(0, x - reach) // step, min(width, x + w + reach) // step
    top, bottom = max(0, y - reach) // step, min(height, y + h + reach) // step
    part = slice(top * step, max(bottom, top + 1) * step), slice(left * step, max(right, left + 1) * step)
    size = (max(1, right - left), max(1, bottom - top))
    image = linear(shrunk(rgb[part], size))
    alpha = shrunk(matte[part], size).astype(np.float32) / 255
    share, mean_f, mean_b = _means(alpha, image, image, radius)
    return Wide(_fused(image, share, mean_f, mean_b), mean_b, top * step, left * step, step)


def _narrow_pass(rgb: U8, matte: U8, out: U8, soft: U8, box: Part, radius: int, wide: Wide, strength: float) -> None:
    """Write the product's colour of the soft pixels inside a box (rows, columns) into `out`."""
    rows, columns = around = grown(box, radius, matte.shape)
    image, alpha = linear(rgb[around]), matte[around].astype(np.float32) / 255
    share, mean_f, mean_b = _means(alpha, *wide.at(around), radius)
    inner = np.zeros(alpha.shape, np.bool_)
    top, left = box[0].start - rows.start, box[1].start - columns.start
    inner[top : top + soft[box].shape[0], left : left + soft[box].shape[1]] = soft[box]
    where = np.flatnonzero(inner)
    at = [np.take(field.reshape(-1, 3), where, axis=0) for field in (image, share, mean_f, mean_b)]
    mixed = at[0] * (1 - strength) + _fused(*at) * strength
    out[box][soft[box] > 0] = srgb(mixed)
