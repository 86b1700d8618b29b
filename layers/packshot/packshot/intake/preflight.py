"""Cheap measurements that decide the way: what backdrop, what kind of product. numpy and Pillow, at 512 px.

The catalogue knows better what a product is; this says what the photo looks like: a disagreement shows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from packshot.intake.checks import clipped_share
from packshot.intake.segment_guess import Features, suggest
from packshot.records import Preflight

Grey = npt.NDArray[np.float32]
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


def measure(rgb: npt.NDArray[np.uint8]) -> Preflight:
    """Measure a photo (HxWx3 uint8 sRGB; best about 1024 px on the long edge)."""
    image = Image.fromarray(rgb)
    scene = _scene(np.asarray(_sized(image, LONG_EDGE)))
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
        sharpness=round(_sharpness(image), 2),
        clipped=round(clipped_share(rgb, 0), 4),
        colour_family=_family(scene.lab[product]),
        touches_frame=_touches(scene),
        suggested_segment=suggest(features),
    )


def _sized(image: Image.Image, long_edge: int) -> Image.Image:
    """Reduced to the long edge; never fewer than 8 px across, so that there is a border and an inside."""
    scale = min(1.0, long_edge / max(image.size))
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _lab(rgb: npt.NDArray[np.uint8]) -> Grey:
    """CIE L*a*b* (D65) from sRGB. Sources: IEC 61966-2-1; CIE 15:2004."""
    linear = _LINEAR[rgb]
    xyz = linear @ _XYZ
    cube = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = cube[..., 0], cube[..., 1], cube[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


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
    rows, columns = np.indices(border.shape, np.float32)
    terms = np.stack([np.ones_like(rows), rows / border.shape[0] - 0.5, columns / border.shape[1] - 0.5], -1)
    use = border.copy()
    weights = np.zeros((3, 3), np.float32)
    for _ in range(2):
        weights, *_rest = np.linalg.lstsq(terms[use], lab[use], rcond=None)
        off = _distance(lab, terms @ weights)
        use = border & (off <= max(4.0, 2.5 * float(np.median(off[border]))))
    return (terms @ weights).astype(np.float32), float(np.median(off[border]))


def _distance(one: Grey, other: Grey) -> Grey:
    """CIE76. Plane by plane: numpy reduces a last axis of three slowly."""
    off = one - other
    distance: Grey = np.sqrt(off[..., 0] ** 2 + off[..., 1] ** 2 + off[..., 2] ** 2)
    return distance


def _opened(mask: Mask) -> Mask:
    """Without specks: pixels whose 3x3 neighbourhood is mostly product."""
    picture = Image.fromarray(mask.astype(np.uint8) * 255).filter(ImageFilter.MedianFilter(3))
    return np.asarray(picture) > 127


def _filled(mask: Mask) -> Mask:
    """Between the outermost product pixels of its row and of its column: holes count, the outside hardly."""

    def between(m: Mask) -> Mask:
        from_left = np.maximum.accumulate(m, 1)
        from_right = np.maximum.accumulate(m[:, ::-1], 1)[:, ::-1]
        return from_left & from_right

    return between(mask) & between(mask.T).T


def _evenness(scene: _Scene) -> float:
    """1 for a flat or gently graded border; falls with what sticks out of the fit (CIE76 12 is half)."""
    return float(0.5 ** (np.quantile(scene.distance[scene.border], 0.9) / 12))


def _specular(scene: _Scene, product: Mask) -> float:
    """Share of the product that is blown and neutral."""
    light, chroma = scene.lab[..., 0], np.hypot(scene.lab[..., 1], scene.lab[..., 2])
    return float(np.mean(((light > 92) & (chroma < 14))[product]))


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


def _sharpness(image: Image.Image) -> float:
    grey = np.asarray(_sized(image, SHARPNESS_EDGE).convert("L"), np.float32)
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * grey[1:-1, 1:-1]
    return float(laplacian.var())


def _median_colour(rgb: npt.NDArray[np.uint8], where: Mask) -> tuple[int, int, int]:
    red, green, blue = (int(v) for v in np.median(rgb[where], axis=0))
    return red, green, blue


def _family(lab: Grey) -> str:
    """The colour's everyday name: by hue where a third of the product is coloured, else by lightness."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    coloured = lab[chroma > 14]
    if len(coloured) < len(lab) / 3:
        light = float(np.median(lab[:, 0]))
        return "black" if light < 25 else "white" if light > 82 else "grey"
    light, a, b = (float(v) for v in np.median(coloured, axis=0))
    hue = float(np.degrees(np.arctan2(b, a))) % 360
    if 30 <= hue < 95 and light < 55 and np.hypot(a, b) < 48:
        return "brown"
    if 55 <= hue < 105 and light > 75 and np.hypot(a, b) < 30:
        return "beige"
    return next(name for limit, name in _HUES if hue < limit)
