"""Every measurement of one processed photo: numbers without ground truth, bounded and documented.

The checks (``packshot.quality``) compare these numbers with limits; nothing here decides anything. Areas are
measured at a working size of at most 1200 px, outlines at full size along sampled lines. About 0.13
core-seconds for a photo of 2400 px.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np
from skimage.color import deltaE_ciede2000

from packshot.imaging import shadow as shadows
from packshot.imaging.light import U8
from packshot.imaging.measure_backdrop import fit, reduced
from packshot.imaging.measure_basins import basin_measures
from packshot.imaging.measure_edge import lab_of, profile_measures, profiles
from packshot.imaging.measure_region import alike_alpha, leftover_measures, shape_measures, side_measures
from packshot.imaging.measure_residual import residual_measures
from packshot.imaging.reduced import shrunk

WORKING_SIDE = 1200
PRESENT = 5  # of 255: alpha that is looked at
MARGIN = (
    0.065  # of the long side: four sigma and twice the radius of `residual_measures`, twice that of `shape_measures`
)
COLOUR_SAMPLES = 20_000
NO_PROFILE = {
    "edge_error": 0.0,
    "edge_area": 0.0,
    "edge_shift_px": 0.0,
    "edge_off": 0.0,
    "edge_unsupported": 1.0,
    "edge_bare_length": 10.0,
    "edge_inside_length": 0.0,
    "edge_outside_length": 0.0,
    "softness_px": 0.0,
    "softness_excess": 0.0,
}


def measure(
    rgb: U8,
    matte: U8,
    master: U8,
    shadow: U8 | None = None,
    certainty: Mapping[str, float] | None = None,
    opinions: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """Measure one cut-out against its photo.

    Args:
        rgb: the upright sRGB source, uint8 H x W x 3.
        matte: its alpha, uint8 H x W, 255 = product.
        master: the cut-out, uint8 H x W x 4, straight alpha.
        shadow: the shadow layer, uint8 H x W, 255 = darkest; None when there is none.
        certainty: numbers of the networks' certainty, 0..1 each, kept under their own names (``certainty``).
        opinions: how far the networks' opinions differ, 0..1 each, kept likewise (``disagreement``).

    Returns: Names and finite numbers; each name's meaning and range stands in the docstring of the function
        that makes it (``profile_measures``, ``residual_measures``, ``shape_measures``, ``side_measures``,
        ``basin_measures``, ``leftover_measures``, ``shadow_measures``, ``colour_measures``, ``sharpness_measures``).

    Raises:
        ValueError: the arrays are not of one size or kind, or a given number bears a measurement's name.
    """
    _require_same_size(rgb, matte, master, shadow)
    small = _working_scale(rgb.shape[:2])
    rgb_w, matte_w = shrunk(rgb, small), shrunk(matte, small)
    lab, alpha = lab_of(rgb_w), matte_w.astype(np.float32) / 255
    part = _around_product(matte_w)
    low = reduced(lab, alpha)
    lines = profiles(rgb, matte)
    backdrop = fit(*low)
    near, wide = alike_alpha(*low)
    shadow_w = None if shadow is None else shrunk(shadow, small)
    numbers = {
        **(NO_PROFILE if lines is None else profile_measures(lines, lab)),
        **residual_measures(lab[part], alpha[part], _straight(master, small, part), max(small)),
        **shape_measures(lab, alpha, part),
        **side_measures(low[1], near),
        **basin_measures(lab, alpha, (near + wide) / 2, backdrop),
        **leftover_measures(rgb_w, alpha),
        **shadow_measures(shadow_w, matte_w),
        **colour_measures(rgb, matte, master),
        **sharpness_measures(rgb, matte, master),
    }
    for name, value in [*(certainty or {}).items(), *(opinions or {}).items()]:
        if name in numbers:
            raise ValueError(f"{name} is measured here, it cannot be given")
        numbers[name] = float(np.clip(value, 0, 1))
    wild = [name for name, value in numbers.items() if not np.isfinite(value)]
    if wild:
        raise ValueError(f"measurements are not finite: {', '.join(wild)}")
    return numbers


def _require_same_size(rgb: U8, matte: U8, master: U8, shadow: U8 | None) -> None:
    size = matte.shape
    shapes = {"rgb": (rgb.shape, (*size, 3)), "master": (master.shape, (*size, 4))}
    if shadow is not None:
        shapes["shadow"] = (shadow.shape, size)
    for name, (found, wanted) in shapes.items():
        if found != wanted or len(size) != 2:
            raise ValueError(f"{name} is {found}, for a matte of {size} it must be {wanted}")
    for name, array in {"rgb": rgb, "matte": matte, "master": master}.items():
        if array.dtype != np.uint8:
            raise ValueError(f"{name} must be uint8, not {array.dtype}")


def _working_scale(size: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of the working size."""
    scale = min(1.0, WORKING_SIDE / max(size))
    return max(1, round(size[1] * scale)), max(1, round(size[0] * scale))


def _around_product(matte: U8) -> tuple[slice, slice]:
    """Rows and columns of the product and of what its edge is compared with; all, where there is no product."""
    left, top, width, height = cv2.boundingRect(np.asarray(matte >= PRESENT, np.uint8))
    if not width:
        return slice(0, matte.shape[0]), slice(0, matte.shape[1])
    margin = math.ceil(MARGIN * max(matte.shape))
    ends = ((top - margin, top + height + margin), (left - margin, left + width + margin))
    # by sixes: what is shrunk by two or three then begins where it would in the whole
    rows, columns = (
        slice(max(0, low // 6 * 6), min(end, -(-high // 6) * 6))
        for (low, high), end in zip(ends, matte.shape, strict=True)
    )
    return rows, columns


def _straight(master: U8, size: tuple[int, int], part: tuple[slice, slice]) -> U8:
    """The master's colour in a part of the working size; that of clear pixels is not the product's and left out."""
    step = master.shape[0] // size[1]
    if master.shape[:2] == (size[1] * step, size[0] * step):
        rows, columns = (slice(p.start * step, p.stop * step) for p in part)
        master, size = master[rows, columns], (part[1].stop - part[1].start, part[0].stop - part[0].start)
        part = slice(0, size[1]), slice(0, size[0])
    there = np.asarray(cv2.threshold(cv2.extractChannel(master, 3), 0, 255, cv2.THRESH_BINARY)[1], np.uint8)
    kept = shrunk(np.asarray(cv2.copyTo(master, there), np.uint8), size)[part]
    colour, share = np.asarray(cv2.cvtColor(kept, cv2.COLOR_RGBA2RGB), np.uint8), shrunk(there, size)[part]
    mixed = np.nonzero(cv2.inRange(share, 1, 254))  # along the edge alone
    colour[mixed] = np.clip(colour[mixed] * (255 / share[mixed].astype(np.float32))[:, None], 0, 255)
    return colour


def shadow_measures(shadow: U8 | None, matte: U8) -> dict[str, float]:
    """The shadow layer in numbers (``packshot.imaging.shadow.measure``).

    ``shadow_present`` 0 or 1; ``shadow_direction`` 0..360 degrees, 0 = right, 90 = down; ``shadow_density``
    0..1; ``shadow_contact`` 0..1: density where the product stands; ``shadow_area`` 0..10: the shadow by
    the product's area; ``shadow_frame`` 0..1: how dark it still is at the frame.
    """
    if shadow is None:
        return {"shadow_present": 0.0}
    found = shadows.measure(shadow, matte)
    return {
        "shadow_present": float(found["area"] > 0),
        "shadow_direction": found["direction_deg"],
        "shadow_density": found["density"],
        "shadow_contact": found["contact"],
        "shadow_area": min(10.0, found["area"]),
        "shadow_frame": found["frame"],
    }


def colour_measures(rgb: U8, matte: U8, result: U8) -> dict[str, float]:
    """CIEDE2000 between source and result inside the solid product, on a fixed grid of pixels.

    ``colour_shift`` 0..100: difference of the mean colours (a tint); ``colour_p95`` 0..100:
    the 95th percentile of the pixels' differences. ``result`` is uint8 H x W x 3 or 4 of the source's size: the
    master, or an export brought back to the source's geometry. Where a master is see-through its colour is
    the glass's own and not the photo's: such pixels do not count.
    """
    least = matte if result.shape[-1] == 3 else cv2.min(matte, cv2.extractChannel(result, 3))
    inside = cv2.erode(least, np.ones((5, 5), np.uint8), borderValue=0) >= 250
    count = int(np.count_nonzero(inside))
    if count < 16:
        return {"colour_shift": 0.0, "colour_p95": 0.0}
    step = math.isqrt(count // COLOUR_SAMPLES) + 1
    ys, xs = np.nonzero(inside[::step, ::step])
    before, after = (lab_of(np.ascontiguousarray(image[ys * step, xs * step, :3])) for image in (rgb, result))
    each = deltaE_ciede2000(before, after)
    shift = deltaE_ciede2000(before.mean(0), after.mean(0))
    return {
        "colour_shift": float(np.clip(shift, 0, 100)),
        "colour_p95": float(np.clip(np.percentile(each, 95), 0, 100)),
    }


def sharpness_measures(rgb: U8, matte: U8, master: U8) -> dict[str, float]:
    """How much of the source's detail the master keeps inside the product.

    ``sharpness`` 0..2: mean |Laplacian| of the master by that of the source (1 = all kept, < 1 softer).
    """
    left, top, width, height = cv2.boundingRect(np.asarray(matte >= 128, np.uint8))
    if not width:
        return {"sharpness": 1.0}
    box = slice(top, top + height), slice(left, left + width)
    inside = np.asarray(cv2.erode(matte[box], np.ones((7, 7), np.uint8), borderValue=0) >= 250, np.uint8)
    count = int(np.count_nonzero(inside))
    if count < 64:
        return {"sharpness": 1.0}
    source, result = (
        cv2.norm(cv2.Laplacian(cv2.cvtColor(image[box], to_grey), cv2.CV_16S), cv2.NORM_L1, inside) / count
        for image, to_grey in ((rgb, cv2.COLOR_RGB2GRAY), (master, cv2.COLOR_RGBA2GRAY))
    )
    return {"sharpness": float(np.clip((result + 0.25) / (source + 0.25), 0, 2))}
