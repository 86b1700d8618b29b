"""Garment or mannequin: the outline's shape gives seeds, colour and the photo's edges decide.

Works on a reduced photo. The shape of the outline says where a mannequin must be (a neck above the collar, a
pole below the hem, forearms below the sleeves), colour models learned from these seeds and from the torso say
what else is like them, and a random walker with these as prior (Grady 2005, "Multilabel random walker image
segmentation using prior models") draws the border along the photo's edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging import alike, materials
from packshot.imaging.light import F32
from packshot.imaging.materials import cloth_chance, lab_of
from packshot.imaging.walker import edge_weights, walk

Mask = npt.NDArray[np.bool_]

_SEED = 20.0  # weight of a seed against the walker's edges (at most 1)
_COLOUR, _LEAST = 0.06, 0.06  # weight of a certain colour, and the share of it where the two colours are one
_INNER = 0.03  # weight of what lies outside the neck's sides


@dataclass(frozen=True)
class Seeds:
    """Where shape alone tells: bool HxW masks.

    `form` is the part of `mannequin` that shows its material: the neck, not the chrome of cap and pole.
    `limbs` and `hem` are where either may be: branches beside the body, and its lower end. `bare` is where the outline
    steps inwards as it does from a sleeve to the arm in it, or from a hem to what is below.
    """

    mannequin: Mask
    form: Mask
    garment: Mask
    limbs: Mask
    hem: Mask
    bare: Mask
    neck: bool
    pole: bool


def seeds(inside: Mask) -> Seeds:
    """Seeds from the outline (bool HxW) of garment and mannequin together; its margins may be empty."""
    rows = np.nonzero(inside.any(1))[0]
    if not rows.size:
        none = np.zeros_like(inside)
        return Seeds(none, none, none, none, none, none, neck=False, pole=False)
    low, high = int(rows[0]), int(rows[-1]) + 1
    if low > 0 or high < inside.shape[0]:
        return _padded(seeds(inside[low:high]), low, inside.shape)
    h = inside.shape[0]
    counts = inside.sum(1)
    wide = float(np.percentile(counts, 90))
    top, bottom = _neck_end(counts, wide), _pole_start(counts, wide)
    top = top if _one_stump(inside, top, wide) else 0
    mannequin, form = np.zeros_like(inside), np.zeros_like(inside)
    if top:
        middle = np.nonzero(inside[: top // 2 + 1].sum(0) > 0.3 * (top // 2 + 1))[0]
        left, right = int(middle.min()), int(middle.max()) + 1
        end = max(1, top - max(2, round(0.01 * h)))
        mannequin[:end, left:right] = True
        mannequin[: top // 2] = True
        form[top // 4 : end, left:right] = True
    if bottom < h:
        mannequin[bottom + max(1, round(0.006 * h)) :] = True
    core = cv2.erode(inside.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    torso = _torso(inside, top, bottom)
    limbs, hem, bare = _limbs(inside, torso, bottom)
    return Seeds(mannequin & inside, form & core, torso, limbs, hem, bare, top > 0, bottom < h)


def _padded(marks: Seeds, low: int, shape: tuple[int, ...]) -> Seeds:
    def whole(mask: Mask) -> Mask:
        out = np.zeros(shape, bool)
        out[low : low + mask.shape[0]] = mask
        return out

    mannequin, form, garment = whole(marks.mannequin), whole(marks.form), whole(marks.garment)
    limbs, hem, bare = whole(marks.limbs), whole(marks.hem), whole(marks.bare)
    return Seeds(mannequin, form, garment, limbs, hem, bare, marks.neck, marks.pole)


def _limbs(inside: Mask, torso: Mask, bottom: int) -> tuple[Mask, Mask, Mask]:
    """Masks `limbs`, `hem` and `bare` of :class:`Seeds`."""
    h, w = inside.shape
    limbs, hem, bare = np.zeros_like(inside), np.zeros_like(inside), np.zeros_like(inside)
    if not torso.any():
        return limbs, hem, bare
    centre = int(np.nonzero(torso)[1].mean())
    columns = np.arange(w)
    gap_left = np.where(inside[:, :centre], -1, columns[:centre]).max(1, initial=-1)
    gap_right = np.where(inside[:, centre:], w, columns[centre:]).min(1, initial=w)
    hem[bottom - round(0.05 * h) : bottom] = True
    reach = max(2, round(0.012 * h))
    high = int(np.nonzero(torso)[0].min())
    outer_left, outer_right = np.where(inside, columns, w).min(1), np.where(inside, columns, -1).max(1)
    for gap, sign, edge in ((gap_left, 1, outer_left), (gap_right, -1, -outer_right)):
        side = inside & (sign * columns[None] < sign * gap[:, None])
        side[: high - round(0.1 * h)] = False
        rows = np.nonzero(side.sum(1) >= 0.015 * w)[0]
        limbs |= side
        if rows.size < 0.03 * h:
            continue
        first, last = int(rows[0]), int(rows[-1])
        above = range(max(high, first - round(0.1 * h)), last - round(0.02 * h))
        step = next((y for y in above if edge[y] - edge[y - reach] > 0.02 * w), None)
        if step is not None:
            bare[step:] |= side[step:]
            bare[step:first] |= sign * columns < sign * gap[first]
    body = inside & (columns[None] > gap_left[:, None]) & (columns[None] < gap_right[:, None])
    widths = body.sum(1)
    start = max(round(0.8 * bottom), int(np.nonzero((inside & ~body).sum(1) > 0.01 * w)[0].max(initial=0)) + 2)
    stop = bottom - round(0.015 * h)
    left, right, inward = outer_left, outer_right, 0.01 * w
    for y in range(start + 3 * reach, stop):
        step_in = min(left[y] - left[y - reach], right[y - reach] - right[y])
        before = max(left[y - reach] - left[y - 3 * reach], right[y - 3 * reach] - right[y - reach])
        if step_in > inward and before < 0.5 * step_in and widths[y] > 0.5 * w:
            bare[y + 1 : bottom] = True
            break
    return limbs & inside, hem & inside, bare & inside


def _neck_end(counts: npt.NDArray[np.int_], wide: float) -> int:
    """The row where a neck at the top ends (0: none): narrow rows, up to the first that flares out."""
    h = counts.size
    limit = 0
    for y in range(h // 2):
        if counts[y] >= 0.42 * wide:
            break
        settled = float(np.median(counts[: y + 1])) if y else float(counts[0])
        if y > 0.03 * h and counts[y] > 1.45 * max(settled, 1):
            break
        limit = y
    return limit if limit >= 0.035 * h else 0


def _one_stump(inside: Mask, top: int, wide: float) -> bool:
    """Whether the rows above `top` are one piece over the body's middle: not two tips of a collar or shoulder."""
    if not top:
        return False
    head = inside[:top]
    pieces = (np.diff(head.astype(np.int8), axis=1, prepend=0) == 1).sum(1)
    middle = np.nonzero(head[: top // 2 + 1].sum(0) > 0.3 * (top // 2 + 1))[0]
    if not middle.size or float((pieces > 1).mean()) > 0.2:
        return False
    body = float(np.nonzero(inside[2 * top :])[1].mean()) if inside[2 * top :].any() else inside.shape[1] / 2
    return abs(float(middle.mean()) - body) < 0.2 * wide


def _pole_start(counts: npt.NDArray[np.int_], wide: float) -> int:
    """The row where a stand's thin pole begins at the bottom (h: none)."""
    h = counts.size
    y = h
    while y > h // 2 and counts[y - 1] < 0.16 * wide:
        y -= 1
    return y if h - y >= 0.02 * h else h


def _torso(inside: Mask, top: int, bottom: int) -> Mask:
    """The middle of the body: far from the outline, well below the neck and above the hem."""
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    body = bottom - top
    rows = np.arange(inside.shape[0])[:, None]
    rows_ok = (rows > top + 0.25 * body) & (rows < top + 0.72 * body)
    deep = depth * rows_ok
    return np.asarray(deep > 0.45 * max(1.0, float(deep.max())))


@dataclass(frozen=True)
class Split:
    """float32 HxW probability of garment inside the outline (0 outside), the colours' overlap 0..1, what shape told."""

    chance: F32
    overlap: float
    shapes: alike.Shapes


def split(light: F32, inside: Mask, marks: Seeds, hint: F32 | None) -> Split:
    """Garment or mannequin, within a reduced photo's outline.

    light: float32 HxWx3 linear sRGB. hint: float32 HxW other opinion on garment, 0..1, or None.
    """
    lab = lab_of(light)
    hues = materials.hues(lab, marks.garment, marks.form)
    shades, near = hues.shades(light), hues.apart < 1
    certain_m, certain_g = marks.form.astype(np.float32), marks.garment.astype(np.float32)
    chance, overlap = np.where(inside, 0.5, 0).astype(np.float32), 1.0
    across, down = edge_weights(lab, inside)
    weight = _COLOUR * max(_LEAST, hues.apart**2)  # the less they are apart, the more do edges count
    place = _place(inside, marks, near)
    shapes = alike.find(light, lab, inside, marks.form) if near else alike.none(inside)
    # pixels on the outline are mixed with the backdrop: their colour tells nothing
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    turns = 2 if near else 3
    for turn in range(turns):
        colour, overlap = cloth_chance(shades, certain_g, certain_m)
        if hint is not None:
            colour = np.clip(0.7 * colour + 0.3 * hint, 1e-4, 1 - 1e-4)
        target = _with_place(colour, place, marks.bare, overlap)
        known = np.where(core & ~shapes.arms, weight, 0.02 * weight).astype(np.float32)
        pull = np.abs(2 * target - 1) ** 1.5 * known
        pull[shapes.inner], target[shapes.inner] = np.maximum(pull[shapes.inner], _INNER), 1.0
        for mask, value in ((marks.garment, 1.0), (marks.mannequin | shapes.stumps, 0.0)):
            pull[mask], target[mask] = _SEED, value
        chance = walk(across, down, pull * inside, target, chance)
        if turn < turns - 1:
            certain_g = np.clip((chance - 0.7) / 0.3, 0, 1) * core
            certain_m = np.clip((0.3 - chance) / 0.3, 0, 1) * (core & ~_metal(marks) & ~shapes.arms)
            certain_m = np.maximum(certain_m, marks.form)
    return Split(np.asarray(chance * inside, np.float32), overlap, shapes)


def _place(inside: Mask, marks: Seeds, near: bool) -> F32:
    """Log odds of garment by place alone: open below the neck and in the limbs, garment elsewhere.

    Where the two colours are near to each other, a hem from which nothing steps in is the garment's.
    """
    hem = marks.hem & marks.bare if near else marks.hem
    odds = np.where(marks.limbs | hem, np.float32(-0.3), np.float32(2.0))
    if marks.neck and marks.form.any():
        h = inside.shape[0]
        ys, xs = np.nonzero(marks.form)
        half = 0.75 * (xs.max() - xs.min() + 1)
        middle, low = (int(xs.max()) + int(xs.min())) / 2, int(ys.max()) + 0.05 * h
        rows, columns = np.mgrid[0:h, 0 : inside.shape[1]]
        below = np.clip(1.5 - np.maximum(np.abs(columns - middle) / half, rows / low), 0, 0.5) * 2
        odds -= 2.5 * below.astype(np.float32)
    return odds


def _with_place(colour: F32, place: F32, bare: Mask, overlap: float) -> F32:
    """Chance of garment by colour and place: the place counts for more the more alike the colours are."""
    known = np.log(colour / (1 - colour))
    odds = (1 - 0.9 * overlap) * known + min(1.0, 1.5 * overlap) * place
    odds = np.where(bare, odds - 0.8 - 4 * np.clip((overlap - 0.6) / 0.3, 0, 1), odds)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float32)


def _metal(marks: Seeds) -> Mask:
    return np.asarray(marks.mannequin & ~marks.form)
