"""Garment or mannequin: the outline's shape gives seeds, colour and the photo's edges decide.

Works on a reduced photo. The shape of the outline says where a mannequin must be (a neck above the collar, a
pole below the hem, forearms below the sleeves), colour models learned from these seeds and from the torso say
what else is like them, and a random walker with these as prior (Grady 2005, "Multilabel random walker image
segmentation using prior models") draws the border along the photo's edges.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging import stumps
from packshot.imaging.light import F32
from packshot.imaging.walker import edge_weights, walk

Mask = npt.NDArray[np.bool_]

_BINS = (24, 48, 48)  # of L 0..100, a and b
_WIDEST, _FINEST, _HUE_STEPS = 128 / 48, 0.8, 5  # bins of a and b: width in CIE Lab, bins between the two hues
_BLUR = (1.2, 0.8, 0.8)  # sigma along these, in bins
_SEED = 20.0  # weight of a seed against the walker's edges (at most 1)
_SHADES = (1.0, 1.25, 1.6, 0.75, 0.55, 0.38)  # light on a material, against that on its seed; first its own
_CLOTH_SHARE = (0.6, 0.1, 0.05, 0.13, 0.08, 0.04)
_FORM_SHARE = (0.6, 0.1, 0.0, 0.16, 0.11, 0.03)
_UNKNOWN = 3e-5  # density of a colour that neither model has seen
_COLOUR = 0.06  # weight of a certain colour


@dataclass(frozen=True)
class Seeds:
    """Where shape alone tells: bool HxW masks.

    `form` is the part of `mannequin` that shows its material: the neck, not the chrome of cap and pole.
    `open` is where either may be: branches beside the body and its lower end. `bare` is where the outline
    steps inwards as it does from a sleeve to the arm in it, or from a hem to what is below.
    """

    mannequin: Mask
    form: Mask
    garment: Mask
    open: Mask
    bare: Mask
    neck: bool
    pole: bool


def seeds(inside: Mask) -> Seeds:
    """Seeds from the outline (bool HxW) of garment and mannequin together; its margins may be empty."""
    rows = np.nonzero(inside.any(1))[0]
    if not rows.size:
        none = np.zeros_like(inside)
        return Seeds(none, none, none, none, none, neck=False, pole=False)
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
    free, bare = _limbs(inside, torso, bottom)
    return Seeds(mannequin & inside, form & core, torso, free, bare, top > 0, bottom < h)


def _padded(marks: Seeds, low: int, shape: tuple[int, ...]) -> Seeds:
    def whole(mask: Mask) -> Mask:
        out = np.zeros(shape, bool)
        out[low : low + mask.shape[0]] = mask
        return out

    mannequin, form, garment = whole(marks.mannequin), whole(marks.form), whole(marks.garment)
    return Seeds(mannequin, form, garment, whole(marks.open), whole(marks.bare), marks.neck, marks.pole)


def _limbs(inside: Mask, torso: Mask, bottom: int) -> tuple[Mask, Mask]:
    """Masks `open` and `bare` of :class:`Seeds`."""
    h, w = inside.shape
    free, bare = np.zeros_like(inside), np.zeros_like(inside)
    if not torso.any():
        return free, bare
    centre = int(np.nonzero(torso)[1].mean())
    columns = np.arange(w)
    gap_left = np.where(inside[:, :centre], -1, columns[:centre]).max(1, initial=-1)
    gap_right = np.where(inside[:, centre:], w, columns[centre:]).min(1, initial=w)
    body_low = bottom - round(0.05 * h)
    free[body_low:bottom] = True
    reach = max(2, round(0.012 * h))
    high = int(np.nonzero(torso)[0].min())
    outer_left, outer_right = np.where(inside, columns, w).min(1), np.where(inside, columns, -1).max(1)
    for gap, sign, edge in ((gap_left, 1, outer_left), (gap_right, -1, -outer_right)):
        side = inside & (sign * columns[None] < sign * gap[:, None])
        side[: high - round(0.1 * h)] = False
        rows = np.nonzero(side.sum(1) >= 0.015 * w)[0]
        free |= side
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
    return free & inside, bare & inside


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


def split(light: F32, inside: Mask, marks: Seeds, hint: F32 | None) -> tuple[F32, float]:
    """float32 HxW probability of garment inside the outline (0 outside), and the colours' overlap 0..1.

    light: float32 HxWx3 linear sRGB. hint: float32 HxW other opinion on garment, 0..1, or None.
    """
    lab = lab_of(light)
    hues = _hue_bins(lab, marks)
    shades = [_codes(lab_of(light * k), *hues) for k in _SHADES]
    certain_m, certain_g = marks.form.astype(np.float32), marks.garment.astype(np.float32)
    chance, overlap = np.where(inside, 0.5, 0).astype(np.float32), 1.0
    across, down = edge_weights(lab, inside)
    weight = _COLOUR * max(0.06, (hues[1] / _WIDEST) ** 2)  # the less hues are apart, the more do edges count
    place = _place(inside, marks)
    arms = stumps.find(light, inside) if hues[1] < _WIDEST else stumps.none(inside)
    # pixels on the outline are mixed with the backdrop: their colour tells nothing
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    for turn in range(3):
        colour, overlap = _colour_chance(shades, certain_g, certain_m)
        if hint is not None:
            colour = np.clip(0.7 * colour + 0.3 * hint, 1e-4, 1 - 1e-4)
        target = _with_place(colour, place, marks.bare, overlap)
        known = np.where(core & ~arms.around, weight, 0.02 * weight).astype(np.float32)
        pull = np.abs(2 * target - 1) ** 1.5 * known
        for mask, value in ((marks.garment, 1.0), (marks.mannequin | arms.sure, 0.0)):
            pull[mask], target[mask] = _SEED, value
        chance = walk(across, down, pull * inside, target, chance)
        if turn < 2:
            certain_g = np.clip((chance - 0.7) / 0.3, 0, 1) * core
            certain_m = np.clip((0.3 - chance) / 0.3, 0, 1) * (core & ~_metal(marks) & ~arms.around)
            certain_m = np.maximum(certain_m, marks.form)
    return np.asarray(chance * inside, np.float32), overlap


def _place(inside: Mask, marks: Seeds) -> F32:
    """Log odds of garment by place alone: open below the neck and in the limbs, garment elsewhere."""
    odds = np.where(marks.open, np.float32(-0.3), np.float32(2.0))
    if marks.neck and marks.form.any():
        h = inside.shape[0]
        ys, xs = np.nonzero(marks.form)
        half = 0.75 * (xs.max() - xs.min() + 1)
        middle, low = (int(xs.max()) + int(xs.min())) / 2, int(ys.max()) + 0.05 * h
        rows, columns = np.mgrid[0:h, 0 : inside.shape[1]]
        near = np.clip(1.5 - np.maximum(np.abs(columns - middle) / half, rows / low), 0, 0.5) * 2
        odds -= 2.5 * near.astype(np.float32)
    return odds


def _with_place(colour: F32, place: F32, bare: Mask, overlap: float) -> F32:
    """Chance of garment by colour and place: the place counts for more the more alike the colours are."""
    known = np.log(colour / (1 - colour))
    odds = (1 - 0.9 * overlap) * known + min(1.0, 1.5 * overlap) * place
    odds = np.where(bare, odds - 0.8 - 4 * np.clip((overlap - 0.6) / 0.3, 0, 1), odds)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -30, 30))), np.float32)


def lab_of(light: F32) -> F32:
    """float32 CIE Lab (L 0..100) of float32 HxWx3 linear sRGB light."""
    return np.asarray(cv2.cvtColor(np.minimum(light, 1), cv2.COLOR_LRGB2Lab), np.float32)


def _metal(marks: Seeds) -> Mask:
    return np.asarray(marks.mannequin & ~marks.form)


def _hue_bins(lab: F32, marks: Seeds) -> tuple[tuple[float, float], float]:
    """Middle and width of the bins of a and b: the more alike garment and mannequin are, the finer the bins.

    Greige cloth on a grey form differs by less than a bin that is wide enough for all colours.
    """
    cloth, form = (np.median(lab[mask], 0)[1:] for mask in (marks.garment, marks.form))
    width = float(np.linalg.norm(cloth - form)) / _HUE_STEPS
    if width >= _WIDEST:
        return (0.0, 0.0), _WIDEST
    a, b = (cloth + form) / 2
    return (float(a), float(b)), max(_FINEST, width)


def _codes(lab: F32, middle: tuple[float, float], width: float) -> npt.NDArray[np.int32]:
    scaled = np.empty(lab.shape, np.int32)
    scaled[..., 0] = np.clip(lab[..., 0] / 100 * _BINS[0], 0, _BINS[0] - 1)
    for k in (1, 2):
        scaled[..., k] = np.clip((lab[..., k] - middle[k - 1]) / width + _BINS[k] / 2, 0, _BINS[k] - 1)
    return np.asarray((scaled[..., 0] * _BINS[1] + scaled[..., 1]) * _BINS[2] + scaled[..., 2], np.int32)


def _smoothed(cube: F32) -> F32:
    """A colour histogram blurred along its axes."""
    for axis, width in enumerate(_BLUR):
        moved = np.ascontiguousarray(np.moveaxis(cube, axis, 0))
        lines = cv2.GaussianBlur(moved.reshape(_BINS[axis], -1), (1, 0), sigmaX=1e-3, sigmaY=width)
        cube = np.moveaxis(np.asarray(lines, np.float32).reshape(moved.shape), 0, axis)
    return cube


@cache
def _kept() -> F32:
    """What a histogram of one pixel sums to after the blur, by the pixel's bin: not 1 near the border."""
    lines = [
        cv2.GaussianBlur(np.eye(n), (1, 0), sigmaX=1e-3, sigmaY=w).sum(0) for n, w in zip(_BINS, _BLUR, strict=True)
    ]
    return np.asarray(np.einsum("i,j,k->ijk", *lines).ravel(), np.float32)


def _density(shades: list[npt.NDArray[np.int32]], shares: tuple[float, ...], weight: F32) -> F32:
    """The smoothed histograms of the colours in each light, each summing to its share; float32 of the bins' shape."""
    where = np.flatnonzero(weight)
    heavy = weight.ravel()[where]
    flat = np.zeros(int(np.prod(_BINS)))
    for shade, share in zip(shades, shares, strict=True):
        codes = shade.ravel()[where]
        total = max(1e-9, float(heavy @ _kept()[codes]))
        flat += share / total * np.bincount(codes, heavy, minlength=flat.size)
    return _smoothed(flat.reshape(_BINS).astype(np.float32))


def _colour_chance(shades: list[npt.NDArray[np.int32]], garment: F32, mannequin: F32) -> tuple[F32, float]:
    """Chance of garment by colour alone, and the overlap of the two colour models (Bhattacharyya, 0..1).

    Both models know their material in less and in more light than the seeds were in: folds and armpits of
    the one, arms and shoulders of the other. What neither knows leans towards the garment, which may have
    more colours than its torso shows.
    """
    cloth, form = _density(shades, _CLOTH_SHARE, garment), _density(shades, _FORM_SHARE, mannequin)
    overlap = float(np.sqrt(cloth * form).sum())
    odds = (cloth + 1.5 * _UNKNOWN) / (cloth + form + 2.5 * _UNKNOWN)
    return np.take(odds.ravel().astype(np.float32), shades[0]), overlap
