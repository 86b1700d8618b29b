"""How far a written file is from its rendering: structural similarity and colour difference."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
_Strip = tuple[slice, F32, F32, F32]  # rows; the picture there with its luma, means of it and of its square

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_UNIT = np.arange(256, dtype=np.float32) / np.float32(255)
SAMPLES = 12_000
STRIP = 64  # rows, a multiple of four


def _means(plane: F32) -> F32:
    """Means over 8x8 windows at every fourth pixel, from exact means over 4x4 blocks."""
    high, wide = plane.shape[:2]
    half = cv2.resize(plane, (wide // 2, high // 2), interpolation=cv2.INTER_AREA)  # twice by 2 is vectorised, by 4 not
    quarter = cv2.resize(half, (wide // 4, high // 4), interpolation=cv2.INTER_AREA)
    pairs = quarter[:-1] + quarter[1:]
    return np.asarray(pairs[:, :-1] + pairs[:, 1:]) * np.float32(0.25)


def _spread(mask: Mask, most: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns of about ``most`` pixels of a mask, evenly spread; of a large one some rows are looked at."""
    step = max(1, mask.size // (64 * most))
    where = np.flatnonzero(mask[::step])
    rows, columns = np.divmod(where[:: max(1, where.size // most)], mask.shape[1])
    return rows * step, columns


class Reference:
    """A picture that files are compared with, and where it shows product; what depends on it alone is worked out once.

    SSIM: Wang et al. 2004 with L = 255 over uniform 8x8 windows, one every 4 px (the windows of x264): within 0.003
    of the sliding 7x7 window on product photos (tested), at a tenth of its time. Up to 3 px at the right and lower
    end are left out, and pictures below 8 px are compared as wholes.
    """

    def __init__(self, picture: U8, mask: Mask, samples: int = SAMPLES, keep: bool = False) -> None:
        """Take the picture.

        Args:
            picture: uint8 HxWx3 sRGB.
            mask: bool HxW, where colour is compared.
            samples: at most about so many pixels of the mask are, evenly spread: the mean CIEDE2000 of 12,000 is good
                to about 0.01.
            keep: many files will be compared with it: keep the workings of SSIM, 18 bytes a pixel.
        """
        self.picture = picture
        self._where = _spread(mask, samples)
        self._lab: F32 | None = None
        self._kept: list[_Strip] | None = list(self._strips()) if keep else None

    def ssim(self, other: U8) -> float:
        """The smaller of the SSIM of luma (BT.601) and the mean SSIM of R, G, B of the picture and uint8 HxWx3.

        The second is what colour subsampling hurts, so a file cannot pass on its luma alone.
        """
        planes = self.ssim_planes(other)
        return min(planes[3], sum(planes[:3]) / 3)

    def ssim_planes(self, other: U8) -> list[float]:
        """Mean SSIM of R, G, B and luma, 0..1."""
        high, wide = (v // 4 * 4 for v in self.picture.shape[:2])
        if min(high, wide) < 8:
            return [1.0 if np.array_equal(self.picture, other) else 0.0] * 4
        total, count = np.zeros(4), 0
        for rows, x, mx, mxx in self._kept or self._strips():
            share = _similarity(x, mx, mxx, _with_luma(other[rows, :wide]))
            total += cv2.sumElems(share)  # in double precision
            count += share.shape[0] * share.shape[1]
        return [float(v) / count for v in total]

    def _strips(self) -> Iterator[_Strip]:
        """Rows that stay in the processor's cache; neighbours share a row of blocks."""
        high, wide = (v // 4 * 4 for v in self.picture.shape[:2])
        for top in range(0, high - 4, STRIP):
            rows = slice(top, min(top + STRIP + 4, high))
            x = _with_luma(self.picture[rows, :wide])
            yield rows, x, _means(x), _means(x * x)

    def delta_e(self, other: U8) -> float:
        """Mean CIEDE2000 (sRGB, D65) to uint8 HxWx3 inside the mask; 0 when the mask is empty."""
        from skimage.color import deltaE_ciede2000  # half a second of import that other callers need not pay

        if not self._where[0].size:
            return 0.0
        if self._lab is None:
            self._lab = self._sampled(self.picture)
        return float(np.mean(deltaE_ciede2000(self._lab, self._sampled(other)), dtype=np.float64))

    def _sampled(self, rgb: U8) -> F32:
        """L*a*b* at the samples, in single precision: 1e-4 off at most, in half the time."""
        from skimage.color import rgb2lab

        return np.asarray(rgb2lab(_UNIT[rgb[self._where][None]]), np.float32)


def _similarity(x: F32, mx: F32, mxx: F32, y: F32) -> F32:
    """SSIM of every window of two float32 HxWxC pictures; of the first the means of itself and its square are known."""
    my, both = _means(y), x * y
    squares, product = mx * mx + my * my, mx * my
    together = _means(both) - product
    spread = mxx + _means(np.multiply(y, y, out=both)) - squares
    share = ((2 * product + _C1) * (2 * together + _C2)) / ((squares + _C1) * (spread + _C2))
    return np.asarray(share, np.float32)


def _with_luma(rgb: U8) -> F32:
    planes = [*cv2.split(rgb), cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)]
    return np.asarray(cv2.merge(planes)).astype(np.float32)


def chroma_loss(rgb: U8) -> float:
    """How much colour 4:2:0 would cost: the 99.5th percentile of the chroma (Cb, Cr) lost by halving it,
    0..255.
    """
    chroma = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))[..., 1:]
    high, wide = chroma.shape[:2]
    half = cv2.resize(chroma, ((wide + 1) // 2, (high + 1) // 2), interpolation=cv2.INTER_AREA)
    back = cv2.resize(half, (wide, high), interpolation=cv2.INTER_LINEAR)
    lost = cv2.max(*cv2.split(cv2.absdiff(chroma, np.asarray(back))))
    below = np.cumsum(np.bincount(np.asarray(lost).ravel(), minlength=256))
    return float(np.searchsorted(below, 0.995 * below[-1]))
