"""Round polished metal whose rim vanishes in the backdrop that it mirrors: watches, pans, plates, lids.

Neither network nor colour tells a white bezel from the white paper around it, but the shape does: what is seen of the
outline lies on an ellipse, and the ellipse goes on.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8
from packshot.imaging.reduced import reduced_size

SIDE = 600
"""Long side at which the outline is looked at."""
TRIES, DRAWN = 300, 8
"""Ellipses tried, and points of the outline that each goes through."""
NEAR = 0.006
"""Outline as near as this lies on the ellipse, share of its mean radius (at least a pixel)."""
BESIDE = 5
"""Bins beside a closed gap in which all of the rim is product, too: a gap's ends are shallow, and specks lie there."""
CLOSER = (1.0, 0.7, 0.5, 0.5)
"""Then the ellipse is fitted to ever nearer points, by share of that: what is lost has bent the outline inwards."""
BINS = 90
SEEN, ROUND = 0.7, 0.3
"""Share of the turn at which the outline must lie on the ellipse; least ratio of its axes."""
MOST_GAPS, DEEPEST, WIDEST = 3, 0.06, 0.2
"""More gaps are teeth or spokes; deeper ones (share of the mean radius) or wider ones (of the turn) are its shape."""
TRACE, AWAY = 0.01, 3
"""Mean of the coarse matte in a gap, from 3 px off what is solid, below which the networks are sure that it is air."""
DARKER = 0.03
"""A gap darker than the sweep by more than this, in root light, is shadow and no mirror."""

Ellipse = tuple[tuple[float, float], tuple[float, float], float]
"""Centre, axes and angle in degrees, as OpenCV has them."""
Bool = npt.NDArray[np.bool_]


def complete(fine: F32, coarse: F32, root: F32, sweep: F32) -> tuple[F32, float]:
    """The matte with shallow gaps of its elliptic outline closed, and their share of the product.

    fine float32 H x W as the refiner left it, coarse float32 h x w as the networks did; root and sweep float32 of any
    size x 3, photo and unshaded backdrop in root light. A gap is closed where the networks left a trace of doubt and
    it is as light as the sweep.
    """
    size = reduced_size(coarse.shape, SIDE)
    small, doubt, photo, lit = (
        np.asarray(cv2.resize(a, size, interpolation=cv2.INTER_AREA), np.float32) for a in (fine, coarse, root, sweep)
    )
    ellipse = _ellipse(_outline(small))
    if ellipse is None:
        return fine, 0.0
    across, down = np.meshgrid(*(np.arange(side, dtype=np.float32) for side in size))
    depth, turn = _place(ellipse, across, down)
    count, labels = cv2.connectedComponents(np.asarray((depth > 0) & (small < 0.5), np.uint8))
    gaps = [labels == label for label in range(1, count)]
    gaps = [gap for gap in gaps if depth[gap].min() < _near(ellipse) < depth[gap].max()]  # no specks within
    if not 0 < len(gaps) <= MOST_GAPS:
        return fine, 0.0
    light = (photo - lit).min(axis=2) > -DARKER
    off = cv2.distanceTransform((small < 0.5).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3) > AWAY
    closed = np.zeros(small.shape, np.bool_)
    for gap in gaps:
        wide = len(np.unique((turn[gap] * BINS).astype(int))) / BINS
        shallow = depth[gap].max() <= DEEPEST and wide <= WIDEST
        if shallow and light[gap].mean() > 0.5 and doubt[gap & off].sum() > TRACE * max(1, (gap & off).sum()):
            closed |= gap
    if not closed.any():
        return fine, 0.0
    bins = (turn * BINS).astype(int) % BINS
    beside = (np.unique(bins[closed])[:, None] + np.arange(-BESIDE, BESIDE + 1)) % BINS
    rim = np.isin(bins, beside) & (np.abs(depth) < DEEPEST)
    return _drawn(fine, ellipse, rim.astype(np.uint8)), float(closed.sum()) / max(1.0, float((small >= 0.5).sum()))


def _outline(small: F32) -> F32:
    """Points (x, y) of the largest part's outer outline, N x 2."""
    found, _ = cv2.findContours((small >= 0.5).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    parts = [contour[:, 0, :] for contour in found]
    return max(parts, key=len).astype(np.float32) if parts else np.zeros((0, 2), np.float32)


def _ellipse(outline: F32) -> Ellipse | None:
    """The ellipse on which most of the outline lies, if enough of it is seen.

    RANSAC (Fischler and Bolles 1981) over direct ellipse fits (Fitzgibbon et al. 1999); drawn the same way each time.
    """
    if len(outline) < 4 * BINS:
        return None
    draws = np.random.default_rng(0)
    tried = (_fitted(outline[draws.choice(len(outline), DRAWN, replace=False)]) for _ in range(TRIES))
    best = max(tried, key=lambda ellipse: _seen(ellipse, outline))
    if _seen(best, outline) < SEEN:
        return None
    for share in CLOSER:
        near = outline[np.abs(_place(best, outline[:, 0], outline[:, 1])[0]) < share * _near(best)]
        if len(near) < BINS:
            break
        best = _fitted(near)
    return best if _seen(best, outline) >= SEEN else None


def _fitted(points: F32) -> Ellipse:
    (x, y), (one, other), angle = cv2.fitEllipseDirect(points)
    return (x, y), (one, other), angle


def _near(ellipse: Ellipse) -> float:
    return max(NEAR, 4 / sum(ellipse[1]))


def _on(ellipse: Ellipse, outline: F32) -> Bool:
    """Which points lie on the ellipse."""
    return np.asarray(np.abs(_place(ellipse, outline[:, 0], outline[:, 1])[0]) < _near(ellipse), np.bool_)


def _seen(ellipse: Ellipse, outline: F32) -> float:
    """Share of the turn at which the outline lies on the ellipse; 0 for a slender one."""
    axes = ellipse[1]
    if not np.isfinite(axes).all() or min(axes) < max(1.0, ROUND * max(axes)):
        return 0.0
    _, turn = _place(ellipse, outline[:, 0], outline[:, 1])
    return len(np.unique((turn[_on(ellipse, outline)] * BINS).astype(int) % BINS)) / BINS


def _place(ellipse: Ellipse, x: F32, y: F32) -> tuple[F32, F32]:
    """How far inside the ellipse points lie, share of its radius there (< 0 outside), and where on the turn, 0..1."""
    (cx, cy), (wide, high), degrees = ellipse
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    u, v = (c * (x - cx) + s * (y - cy)) * 2 / wide, (c * (y - cy) - s * (x - cx)) * 2 / high
    return np.asarray(1 - np.hypot(u, v), np.float32), np.asarray(np.arctan2(v, u) / (2 * np.pi) + 0.5, np.float32)


def _drawn(fine: F32, ellipse: Ellipse, near: U8) -> F32:
    """The matte with what of the ellipse lies in a mask (of the small size), drawn at full size with a smooth edge."""
    scale = fine.shape[0] / near.shape[0]
    left, top, wide, high = cv2.boundingRect(near)
    part = (
        slice(int(top * scale), min(fine.shape[0], round((top + high) * scale))),
        slice(int(left * scale), min(fine.shape[1], round((left + wide) * scale))),
    )
    down, across = (np.arange(side.start, side.stop, dtype=np.float32)[:, None] for side in part)
    away = _away(ellipse, (across.T + 0.5) / scale - 0.5, (down + 0.5) / scale - 0.5)
    drawn = np.clip(0.5 + scale * away, 0, 1)
    size = (part[1].stop - part[1].start, part[0].stop - part[0].start)
    here = cv2.resize(near[top : top + high, left : left + wide], size, interpolation=cv2.INTER_NEAREST) > 0
    out = fine.copy()
    out[part][here] = np.maximum(fine[part], drawn)[here]
    return out


def _away(ellipse: Ellipse, x: F32, y: F32) -> F32:
    """How far inside the ellipse points lie, in pixels towards its centre."""
    (cx, cy), _, _ = ellipse
    depth, _ = _place(ellipse, x, y)
    return np.asarray(np.hypot(x - cx, y - cy) * depth / np.maximum(1 - depth, np.float32(0.1)), np.float32)
