"""Work at a reduced size where the effect is smooth: sizes, luminance and filling from the surroundings."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8
from packshot.imaging.tiles import Part

_ROWS = 30_000  # cv2.remap takes no more than 32,767
_GRAIN = 4.0  # sigma, in pixels, below which a blur is not worked at a smaller size
LUMA = np.array([[0.2126, 0.7152, 0.0722]], np.float32)  # Rec. 709, of linear RGB


def luminance(light: F32) -> F32:
    """float32 HxWx3 linear RGB -> float32 HxW relative luminance (Rec. 709)."""
    return np.asarray(cv2.transform(light, LUMA), np.float32).reshape(light.shape[:2])


def planes(image: F32) -> F32:
    """HxWx3 as 3xHxW: numpy adds and compares planes many times quicker than it does along a last axis of three."""
    return np.stack(cv2.split(image))


def reduced_size(shape: tuple[int, ...], longest: int) -> tuple[int, int]:
    """(width, height) of an array of `shape` (HxW...) whose longest side is at most `longest` px."""
    h, w = shape[:2]
    k = min(1.0, longest / max(h, w))
    return max(1, round(w * k)), max(1, round(h * k))


def shrunk(image: U8 | F32, size: tuple[int, int]) -> U8 | F32:
    """The image at a smaller size (width, height), each pixel the mean of those that it stands for.

    By halves as far as they go: OpenCV halves even sides about ten times quicker than it shrinks by anything else.
    """
    while image.shape[0] % 2 == image.shape[1] % 2 == 0 and (
        image.shape[1] // 2 >= size[0] and image.shape[0] // 2 >= size[1]
    ):
        half = (image.shape[1] // 2, image.shape[0] // 2)
        image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
    if image.shape[1::-1] == size:
        return image
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def spread(values: F32, known: F32) -> F32:
    """Fill what is not known, smoothly, from what is (pull-push pyramid, Gortler et al. 1996).

    values: float32 HxW or HxWxC; known: float32 HxW weights 0..1. Returns `values` where known is 1, a
    weighted mean where it is between, and coarser and coarser means of the neighbourhood where it is 0.
    All zero where nothing at all is known.
    """
    weight = _for_each(known, values)
    if min(values.shape[:2]) <= 2:
        total = float(known.sum())
        mean = (values * weight).sum((0, 1)) / total if total > 0 else np.zeros(values.shape[2:], np.float32)
        return np.asarray(values * weight + mean * (1 - weight), np.float32)
    h, w = values.shape[:2]
    half = ((w + 1) // 2, (h + 1) // 2)
    mass = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(np.asarray(values * weight, np.float32), half, interpolation=cv2.INTER_AREA)
    means = sums / _for_each(np.maximum(mass, 1e-6), sums)
    coarse = spread(np.asarray(means, np.float32), np.minimum(1, mass * 4).astype(np.float32))
    fill = cv2.resize(coarse, (w, h), interpolation=cv2.INTER_LINEAR)
    return np.asarray(values * weight + fill.reshape(values.shape) * (1 - weight), np.float32)


def _for_each(weight: F32, values: F32) -> F32:
    """Weights for each channel of the values: numpy is several times quicker with arrays of one shape."""
    return weight if values.ndim == 2 else cv2.merge([weight] * values.shape[2])


def blurred(image: F32, sigma_x: float, sigma_y: float) -> F32:
    """Gaussian blur, along each axis at the smallest size whose pixels are still a quarter of its sigma."""
    h, w = image.shape[:2]
    across, down = max(1, int(sigma_x / _GRAIN)), max(1, int(sigma_y / _GRAIN))
    small = cv2.resize(image, (-(-w // across), -(-h // down)), interpolation=cv2.INTER_AREA)
    step_x, step_y = w / small.shape[1], h / small.shape[0]
    small = cv2.GaussianBlur(small, (0, 0), sigmaX=max(1e-3, sigma_x / step_x), sigmaY=max(1e-3, sigma_y / step_y))
    return np.asarray(cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)


def spread_from_around(light: F32, alpha: F32) -> F32:
    """The backdrop behind a product, spread smoothly from what is seen around it.

    light float32 HxWx3, alpha float32 HxW 0..1; returns float32 HxWx3.
    """
    around = (cv2.dilate(alpha, np.ones((9, 9), np.uint8)) < 0.02).astype(np.float32)
    sigma = 0.01 * max(alpha.shape)
    return blurred(spread(light, around), sigma, sigma)


def sampled(field: F32, ys: npt.NDArray[np.intp], xs: npt.NDArray[np.intp], shape: tuple[int, ...]) -> F32:
    """A reduced field at N pixels of the photo as they are when it is enlarged to the photo's size: N or N x C."""
    x = ((xs + 0.5) * (field.shape[1] / shape[1]) - 0.5).astype(np.float32)[:, None]
    y = ((ys + 0.5) * (field.shape[0] / shape[0]) - 0.5).astype(np.float32)[:, None]
    rows = [slice(k, k + _ROWS) for k in range(0, len(x), _ROWS)]
    found = [cv2.remap(field, x[r], y[r], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for r in rows]
    return np.concatenate(found)[:, 0] if field.ndim == 3 else np.concatenate(found).ravel()


def enlarged(field: F32, part: Part, scale: tuple[float, float], corner: tuple[int, int] = (0, 0)) -> F32:
    """Rows and columns of the photo as they are when a reduced field of it is enlarged linearly.

    `scale`: the field's pixels to one of the photo's, down and across; `corner`: row and column of the reduced photo
    where the field, float32 h x w or h x w x 1..4, begins.
    """
    (rows, columns), (down, across), (top, left) = part, scale, corner
    move = np.array(
        [
            [across, 0, (columns.start + 0.5) * across - 0.5 - left],
            [0, down, (rows.start + 0.5) * down - 0.5 - top],
        ]
    )
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(field, move, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def scale_of(small: tuple[int, ...], large: tuple[int, ...]) -> tuple[float, float]:
    """Pixels of a reduced picture to one of the large one, down and across, from their shapes."""
    return small[0] / large[0], small[1] / large[1]
