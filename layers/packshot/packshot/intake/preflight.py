"""Cheap measurements that decide the way: what backdrop, what kind of product. numpy and Pillow, at 512 px.

The catalogue knows better what a product is; this says what the photo looks like: a disagreement shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from packshot.intake.glance import Glance, Grey, reduced
from packshot.intake.segment_guess import Features, suggest
from packshot.records import Preflight

Mask = npt.NDArray[np.bool_]
LONG_EDGE = 512
SHARPNESS_EDGE = 1024
BORDER = 0.04  # of the shorter edge: taken for backdrop
_HUES = (
    (20, "pink"),
    (48, "red"),
    (72, "orange"),
    (108, "yellow"),
    (185, "green"),
    (240, "cyan"),
    (300, "blue"),
    (330, "purple"),
    (361, "pink"),
)  # upper limits of the CIELAB hue angle, degrees


@dataclass(frozen=True)
class _Scene:
    """A photo at 512 px, its backdrop fitted, and what differs from it."""

    rgb: npt.NDArray[np.uint8]
    lab: Grey
    border: Mask
    distance: Grey  # CIE76 of each pixel to the fitted backdrop
    product: Mask
    inside: Mask  # the product with its holes and see-through parts


def measure(seen: Glance) -> Preflight:
    """Measure a photo."""
    scene = _scene(np.asarray(reduced(seen.image, LONG_EDGE)))
    product = scene.product if scene.product.any() else ~scene.border
    light = scene.lab[..., 0]
    dark, bright = np.quantile(light[product], [0.02, 0.98])
    features = Features(
        evenness=_evenness(scene),
        area=float(np.mean(scene.product)),
        tones=float(bright - dark),
        specular=_specular(scene, product),
        transparency=_transparency(scene),
        texture=_texture(light, product),
    )
    return Preflight(
        background_evenness=round(features.evenness, 4),
        background_colour=_median_colour(scene.rgb, scene.border),
        contrast=round(float(np.median(scene.distance[product])), 2),
        specular=round(features.specular, 4),
        transparency=round(features.transparency, 4),
        texture=round(features.texture, 4),
        sharpness=round(_sharpness(seen), 2),
        clipped=round(seen.clipped(0), 4),
        colour_family=_family(scene.lab[product]),
        touches_frame=_touches(scene),
        suggested_segment=suggest(features),
    )


def _lab(rgb: npt.NDArray[np.uint8]) -> Grey:
    """CIE L*a*b* (D65) from sRGB. Sources: IEC 61966-2-1; CIE 15:2004."""
    xyz = _LINEAR[rgb] @ _XYZ
    cube = np.cbrt(xyz)
    dark = xyz <= 0.008856
    cube[dark] = 7.787 * xyz[dark] + 16 / 116
    x, y, z = cube[..., 0], cube[..., 1], cube[..., 2]
    lab = np.empty_like(cube)
    lab[..., 0], lab[..., 1], lab[..., 2] = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    return lab


_CODE = np.arange(256, dtype=np.float32) / 255
_LINEAR = np.where(_CODE <= 0.04045, _CODE / 12.92, ((_CODE + 0.055) / 1.055) ** 2.4).astype(np.float32)
_XYZ = (
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
    / np.array([[0.9505], [1.0], [1.089]], np.float32)
).T


def _scene(rgb: npt.NDArray[np.uint8]) -> _Scene:
    lab = _lab(rgb)
    height, width = lab.shape[:2]
    edge = max(2, round(BORDER * min(height, width)))
    border = np.ones((height, width), bool)
    border[edge:-edge, edge:-edge] = False
    backdrop, spread = _backdrop(lab, border)
    distance = _distance(lab, backdrop)
    product = _opened(distance > max(6.0, 3.5 * spread))
    return _Scene(rgb, lab, border, distance, product, _filled(product))


def _backdrop(lab: Grey, border: Mask) -> tuple[Grey, float]:
    """A plane a channel fitted to the border, twice, the second time without outliers; and the rest's spread.

    A plane, not a parabola: from the border alone, curvature in the middle is a guess.
    """
    height, width = border.shape
    rows, columns = np.nonzero(border)
    terms = np.stack([np.ones(rows.size), rows / height - 0.5, columns / width - 0.5], -1).astype(np.float32)
    there = lab[border]
    use: Mask | slice = slice(None)
    weights, off = np.zeros((3, 3), np.float32), np.zeros(0, np.float32)
    for _ in range(2):
        weights, *_rest = np.linalg.lstsq(terms[use].T @ terms[use], terms[use].T @ there[use], rcond=None)
        off = _distance(there, terms @ weights)
        use = off <= max(4.0, 2.5 * float(np.median(off)))
    down = np.arange(height, dtype=np.float32)[:, None] / height - 0.5
    across = np.arange(width, dtype=np.float32) / width - 0.5
    fitted = np.empty_like(lab)
    for channel, (level, by_row, by_column) in enumerate(weights.T):
        fitted[..., channel] = (level + down * by_row) + across * by_column
    return fitted, float(np.median(off))


def _distance(one: Grey, other: Grey) -> Grey:
    """CIE76. Plane by plane: numpy reduces a last axis of three slowly."""
    off = one - other
    distance: Grey = np.sqrt(off[..., 0] ** 2 + off[..., 1] ** 2 + off[..., 2] ** 2)
    return distance


def _opened(mask: Mask) -> Mask:
    """Without specks: pixels whose 3x3 neighbourhood is mostly product."""
    padded = np.pad(mask.view(np.uint8), 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray(rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:] >= 5)


def _filled(mask: Mask) -> Mask:
    """Between the outermost product pixels of its row and of its column: holes count, the outside hardly."""

    def between(m: Mask) -> Mask:
        places, there = np.arange(m.shape[1]), np.asarray(m.any(axis=1))
        first, last = m.argmax(axis=1), m.shape[1] - 1 - m[:, ::-1].argmax(axis=1)
        return np.asarray((places >= first[:, None]) & (places <= last[:, None]) & there[:, None])

    return between(mask) & between(np.ascontiguousarray(mask.T)).T


def _evenness(scene: _Scene) -> float:
    """1 for a flat or gently graded border; falls with what sticks out of the fit (CIE76 12 is half)."""
    return float(0.5 ** (np.quantile(scene.distance[scene.border], 0.9) / 12))


def _specular(scene: _Scene, product: Mask) -> float:
    """Share of the product that is blown and neutral."""
    blown = (scene.lab[..., 0] > 92) & product
    a, b = scene.lab[blown][:, 1:].T
    return float(np.count_nonzero(a * a + b * b < 14**2) / np.count_nonzero(product))


def _transparency(scene: _Scene) -> float:
    """Share of the product's inside that is nearly the backdrop's colour, not quite: tinted, as through glass."""
    inside = scene.inside & ~scene.border
    if not inside.any():
        return 0.0
    return float(np.mean(((scene.distance > 2.5) & (scene.distance < 15))[inside]))


def _texture(light: Grey, product: Mask) -> float:
    """Share of the product's pixels with fine detail: a Laplacian above 6 L*, at 512 px."""
    bend = 4 * light[1:-1, 1:-1] - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    inner = product[1:-1, 1:-1]
    return float(np.mean(np.abs(bend[inner]) > 6)) if inner.any() else 0.0


def _touches(scene: _Scene) -> bool:
    """Whether the product reaches the frame: over 2 % of the outermost pixels are far from the backdrop."""
    far = scene.product & (scene.distance > 20)  # a shadow or a floor may reach it
    frame = np.concatenate([far[1], far[-2], far[:, 1], far[:, -2]])
    return bool(np.mean(frame) > 0.02)


def _sharpness(seen: Glance) -> float:
    grey = np.asarray(reduced(seen.luma, SHARPNESS_EDGE)).astype(np.int16)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var(dtype=np.float32))


def _median_colour(rgb: npt.NDArray[np.uint8], where: Mask) -> tuple[int, int, int]:
    there = rgb[where]
    red, green, blue = (int(np.median(there[:, channel])) for channel in range(3))  # an axis of three is slow
    return red, green, blue


def _family(lab: Grey) -> str:
    """The colour's everyday name: by hue where a third of the product is coloured, else by lightness."""
    coloured = lab[lab[:, 1] ** 2 + lab[:, 2] ** 2 > 14**2]
    if len(coloured) < len(lab) / 3:
        light = float(np.median(lab[:, 0]))
        return "black" if light < 25 else "white" if light > 82 else "grey"
    light, a, b = (float(np.median(coloured[:, channel])) for channel in range(3))
    hue = float(np.degrees(np.arctan2(b, a))) % 360
    if 30 <= hue < 95 and light < 55 and np.hypot(a, b) < 48:
        return "brown"
    if 55 <= hue < 105 and light > 75 and np.hypot(a, b) < 30:
        return "beige"
    return next(name for limit, name in _HUES if hue < limit)
