"""The inside of a garment, seen through its openings once the mannequin is gone.

From a photo of the inside where there is one, else made up from the garment's own cloth: mirrored at the
front edge of the opening, darker towards it as a hollow is. Either way the product is altered.
"""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.reduced import spread

_RIM = 0.86  # light on the inside of the back at its upper rim, against the outside
_DEEP = 0.42  # and down at the front edge, where the front shades it
_HEM = 0.035  # width of the sewn band along the rim, share of the opening's width


def fill_interior(rgb: U8, garment_alpha: U8, openings: U8, inner_rgb: U8 | None) -> tuple[U8, U8, list[str]]:
    """Give each opening its inside: straight uint8 HxWx3 colour, uint8 HxW alpha, notes for the reviewer.

    rgb uint8 HxWx3 the garment's straight colour, garment_alpha and openings uint8 HxW as from
    :func:`packshot.imaging.ghost.separate`, inner_rgb uint8 photo of the inside (any size) or None. Without
    openings the arguments come back unchanged, with no note.
    """
    mask = (openings >= 128).view(np.uint8)
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return rgb, garment_alpha, []
    mask = mask[top : top + height, left : left + width]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    out, alpha = rgb.copy(), garment_alpha.copy()
    inner = None if inner_rgb is None else _Inner(inner_rgb)
    notes = []
    for k in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[k])
        its = labels[y : y + h, x : x + w] == k
        x, y = x + left, y + top
        pad = max(4, round(0.04 * w))
        y0, x0 = max(0, y - pad), max(0, x - pad)
        part = (slice(y0, y + h + pad), slice(x0, x + w + pad))
        hole = np.zeros(openings[part].shape, np.float32)
        hole[y - y0 : y - y0 + h, x - x0 : x - x0 + w] = its * openings[y : y + h, x : x + w].astype(np.float32) / 255
        from_photo = inner is not None and inner.found and area == stats[1:, cv2.CC_STAT_AREA].max()
        inside = _own_cloth(rgb, garment_alpha, part, hole)
        if from_photo and inner is not None:
            inside = inner.seen_through(rgb, garment_alpha, part, hole, inside)
        out[part], alpha[part] = _behind(rgb[part], garment_alpha[part], inside, hole)
        notes.append("interior from the inner photo" if from_photo else "interior made up from the garment's cloth")
    return out, alpha, list(dict.fromkeys(notes))


def _behind(rgb: U8, alpha: U8, inside: F32, hole: F32) -> tuple[U8, U8]:
    """The garment over its inside (linear light): straight colour and alpha."""
    reach = max(3, round(0.02 * hole.shape[1])) | 1
    under = cv2.dilate(hole, np.ones((reach, reach), np.uint8))
    a = alpha.astype(np.float32) / 255
    # below the garment's soft edge the inside goes on, so that no backdrop shines through the seam
    back = np.where(a > 0.004, np.maximum(hole, under * np.minimum(1, 4 * a)), hole) * (1 - a)
    total = a + back
    colour = linear(rgb) * a[..., None] + inside * back[..., None]
    mixed = srgb(colour / np.maximum(total, 1e-4)[..., None])
    changed = back > 0.002
    return np.where(changed[..., None], mixed, rgb), np.round(255 * total).clip(0, 255).astype(np.uint8)


def _shade(hole: F32) -> F32:
    """Light inside the hollow, 0..1: from the rim at the top down to the front edge, darker at the sides."""
    solid = hole >= 0.5
    depth = np.cumsum(solid, 0).astype(np.float32)
    height = np.maximum(depth[-1:], 1)
    fall = cv2.GaussianBlur(np.clip(depth / max(1.0, float(height.max())), 0, 1), (0, 0), 1 + 0.01 * hole.shape[1])
    padded = np.pad(solid.astype(np.uint8), 1)
    side = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    corner = np.clip(side / max(1.0, 0.10 * hole.shape[1]), 0, 1)
    light = _RIM + (_DEEP - _RIM) * fall**0.8
    return np.asarray(light * (0.82 + 0.18 * corner), np.float32)


def _band(hole: F32) -> F32:
    """Factor that draws the sewn band along the upper rim: a lighter strip, a thin dark seam under it."""
    width = max(2.0, _HEM * hole.shape[1])
    depth = np.cumsum(hole >= 0.5, 0).astype(np.float32)
    strip = np.clip((width - depth) / (0.25 * width), 0, 1)
    seam = np.exp(-(((depth - width) / (0.12 * width + 0.7)) ** 2))
    smooth = cv2.GaussianBlur(1 + 0.10 * strip - 0.16 * seam, (0, 0), 0.8)
    return np.asarray(smooth, np.float32)


def _own_cloth(rgb: U8, alpha: U8, part: tuple[slice, slice], hole: F32) -> F32:
    """Linear float32 colour of the garment's cloth, mirrored at the opening's lower edge."""
    rows = np.nonzero(hole >= 0.5)[0]
    if not rows.size:
        return np.zeros((*hole.shape, 3), np.float32)
    height = int(rows.max()) - int(rows.min()) + 1
    low = min(rgb.shape[0], part[0].stop + 3 * height)
    tall = slice(part[0].start, max(low, part[0].stop))
    photo = rgb[tall, part[1]]
    cloth = linear(photo) * (alpha[tall, part[1]] >= 250)[..., None]
    solid = (alpha[tall, part[1]] >= 250).astype(np.float32)
    smooth = spread(cloth, cv2.erode(solid, np.ones((5, 5), np.uint8)))
    edge = np.where((hole >= 0.5).any(0), hole.shape[0] - 1 - (hole >= 0.5)[::-1].argmax(0), int(rows.max()))
    line = cv2.GaussianBlur(edge[None].astype(np.float32), (0, 0), max(1.0, 0.03 * hole.shape[1]))[0]
    y = np.arange(hole.shape[0], dtype=np.float32)[:, None]
    skip = max(3.0, 0.03 * hole.shape[1])  # not the collar's own seam
    mapy = np.minimum(2 * line[None] - y + skip, cloth.shape[0] - 1)
    mapx = np.broadcast_to(np.arange(hole.shape[1], dtype=np.float32), mapy.shape)
    grain = cv2.remap(
        np.where(solid[..., None] > 0, cloth, smooth),
        np.ascontiguousarray(mapx),
        mapy.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )
    return np.asarray(grain * (_shade(hole) * _band(hole))[..., None], np.float32)


class _Inner:
    """The photo of the inside: where its product is and what colour."""

    def __init__(self, rgb: U8) -> None:
        self.rgb = rgb
        h, w = rgb.shape[:2]
        k = min(1.0, 400 / max(h, w))
        small = cv2.resize(rgb, (max(1, round(w * k)), max(1, round(h * k))), interpolation=cv2.INTER_AREA)
        lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        border = np.concatenate([lab[0], lab[:, 0], lab[:, -1]])
        far = np.sqrt(np.square(lab - np.median(border, 0)).sum(2))
        spread_of_border = float(np.percentile(np.abs(border - np.median(border, 0)).sum(1), 90))
        mask = (far > max(9.0, 1.5 * spread_of_border)).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
        self.found = count > 1 and int(stats[1:, cv2.CC_STAT_AREA].max()) > 0.03 * mask.size
        if not self.found:
            return
        best = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        self._mask = labels == best
        self._k = small.shape[1] / w
        self.left, self.width = (int(v) / self._k for v in stats[best, [cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH]])
        self.colour = np.median(linear(small)[self._mask], 0)

    def _top(self, x: float) -> float:
        column = self._mask[:, int(np.clip(x * self._k, 0, self._mask.shape[1] - 1))]
        return float(column.argmax() / self._k) if column.any() else 0.0

    def seen_through(self, rgb: U8, alpha: U8, part: tuple[slice, slice], hole: F32, else_: F32) -> F32:
        """Linear colour of the inside, scaled to the garment's width and laid so that the rims meet.

        Where the photo of the inside shows no cloth, `else_` (linear float32, as large as `hole`) stays.
        """
        columns = np.nonzero((alpha >= 128).any(0))[0]
        scale = self.width / max(1.0, float(columns[-1] - columns[0] + 1))
        rows, xs = np.nonzero(hole >= 0.5)
        middle = float(xs.mean())
        rim = float(rows[np.abs(xs - middle) <= 2].min(initial=int(rows.max())))
        centre = (
            self.left + self.width / 2 + scale * (middle + part[1].start - (float(columns[0]) + float(columns[-1])) / 2)
        )
        move = np.array(
            [[scale, 0, centre - scale * middle], [0, scale, self._top(centre) + 2 / self._k - scale * rim]]
        )
        size = (hole.shape[1], hole.shape[0])
        seen = cv2.warpAffine(
            self.rgb,
            move,
            size,
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        own = np.median(linear(rgb[::8, ::8])[alpha[::8, ::8] >= 250], 0)
        gain = np.clip(own / np.maximum(self.colour, 1e-3), 0.7, 1.4)
        alike = float(np.abs(np.log(gain / gain.mean())).max()) < 0.25
        # another hue is a lining: only the light is matched then
        gain = gain if alike else np.full(3, gain.mean())
        shade = 0.35 + 0.65 * _shade(hole) / _RIM
        small = cv2.erode(self._mask.astype(np.uint8) * 255, np.ones((3, 3), np.uint8))
        to_small = np.array([[self._k, 0, 0], [0, self._k, 0], [0, 0, 1]]) @ np.vstack([move, [0, 0, 1]])
        there = cv2.warpAffine(small, to_small[:2], size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        share = there.astype(np.float32)[..., None] / 255
        return np.asarray(linear(seen) * gain * shade[..., None] * share + else_ * (1 - share), np.float32)
