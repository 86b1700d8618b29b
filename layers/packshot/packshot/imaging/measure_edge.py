"""Does the matte's edge lie where the photo has one? Profiles across the outline.

At up to 2500 points of the 0.5-outline, the photo's colour along the normal is compared with the matte's own alpha
along the same line (a matched filter): where shifting the alpha explains the photo better, the edge is off by that
shift; where no shift explains it, no edge is there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8

_SHARES = (np.arange(256) / 255).astype(np.float32)
REACH = 16  # samples each side of the outline; one sample is 1/2400 of the long side, at least half a pixel
SHIFTS = 8  # furthest shift that is tried, in samples
POINTS = 2500
FOLLOW, FOLLOW_STEPS = 0.06, 36  # how far the colour is followed from a bare outline, and in how many steps
ABRUPT = 9.0  # CIE76 units over two steps (0.33 % of the long side)
CLEAR_GAIN = 0.06  # of R^2: less is noise
PLAIN_CONTRAST = 25.0  # CIE76 units: from here on an edge is plain to see
WEAK_CONTRAST = 4.0  # CIE76 units: below this no eye sees an edge on noise


@dataclass(frozen=True)
class Profiles:
    """N lines across the outline, outward: ``lab`` N x T x 3, ``alpha`` N x T, T = 2*REACH+1; ``x``, ``y``
    in 0..1 of the frame; ``length`` of the whole outline and ``step_share``, one sample, by the square root
    of the product's area."""

    lab: F32
    alpha: F32
    x: F32
    y: F32
    normal: F32
    length: float
    step_share: float


def lab_of(rgb: U8) -> F32:
    """CIE L*a*b* (D65, L 0..100) of sRGB bytes ... x 3, as float32 of the same shape."""
    share = cv2.LUT(rgb.reshape(1, -1, 3), _SHARES)
    return np.asarray(cv2.cvtColor(share, cv2.COLOR_RGB2LAB, dst=share), np.float32).reshape(rgb.shape)


def profiles(rgb: U8, matte: U8) -> Profiles | None:
    """Sample photo and matte across the outline; None when the matte has no outline away from the frame."""
    height, width = matte.shape
    step = max(0.5, max(height, width) / 2400)
    solid = np.asarray(matte >= 128, np.uint8)
    points, length = _outline(solid, margin=int(np.ceil(REACH * step)) + 1)
    if len(points) < 16:
        return None
    gx, gy = _slopes(matte, points, 2 * step)
    size = np.hypot(gx, gy)
    sound = size > 8
    if sound.sum() < 16:
        return None
    points = points[sound]
    normal = -np.stack([gx[sound], gy[sound]], 1) / size[sound, None]
    t = np.arange(-REACH, REACH + 1, dtype=np.float32) * np.float32(step)
    where = points[:, None, :].astype(np.float32) + t[None, :, None] * normal[:, None, :]
    xs, ys = np.ascontiguousarray(where[..., 0], np.float32), np.ascontiguousarray(where[..., 1], np.float32)
    colours = cv2.remap(rgb, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alphas = cv2.remap(matte, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    root = float(np.sqrt(max(1, cv2.countNonZero(solid))))
    return Profiles(
        lab_of(np.asarray(colours, np.uint8)),
        alphas.astype(np.float32) / 255,
        (points[:, 0] / width).astype(np.float32),
        (points[:, 1] / height).astype(np.float32),
        normal.astype(np.float32),
        length / root,
        step / root,
    )


def _slopes(matte: U8, points: npt.NDArray[np.int32], sigma: float) -> F32:
    """How steeply the blurred matte rises to the right and downwards at N points (x, y), 2 x N, in Sobel's units.

    By one kernel, blur and Sobel's in one, over the window around each point: the rest of the photo is not needed.
    """
    reach = math.ceil(3 * sigma) + 1
    dot = np.zeros((2 * reach + 1,) * 2, np.float32)
    dot[reach, reach] = 1
    blurred = cv2.GaussianBlur(dot, (2 * reach - 1,) * 2, sigma)
    kernels = np.stack([-cv2.Sobel(blurred, cv2.CV_32F, x, 1 - x, ksize=3).ravel() for x in (1, 0)], 1)
    along = np.arange(-reach, reach + 1)
    window = (along[:, None] * matte.shape[1] + along).ravel()
    centres = points[:, 1].astype(np.int64) * matte.shape[1] + points[:, 0]
    values = np.take(matte.ravel(), centres[:, None] + window).astype(np.float32)
    return np.asarray((values @ kernels).T, np.float32)


def _outline(solid: U8, margin: int) -> tuple[npt.NDArray[np.int32], int]:
    """Points (x, y) spread evenly over all outlines, N x 2, away from the frame, and how many they stand
    for.
    """
    height, width = solid.shape
    found, _ = cv2.findContours(solid, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    long_enough = [c[:, 0, :] for c in found if len(c) >= 16]
    if not long_enough:
        return np.zeros((0, 2), np.int32), 0
    points = np.concatenate(long_enough).astype(np.int32)
    x, y = points[:, 0], points[:, 1]
    points = points[(x >= margin) & (x < width - margin) & (y >= margin) & (y < height - margin)]
    return points[:: max(1, -(-len(points) // POINTS))], len(points)


def profile_measures(lines: Profiles, lab: F32) -> dict[str, float]:
    """What the profiles say; shares are 0..1 of the outline, pixels are at a long side of 2400.

    ``edge_error`` 0..1: mean |alpha - alpha*| within 12 px, where alpha* is the shifted or steeper alpha
    that explains the photo better (0 where none does clearly): an estimate of the true edge error;
    ``edge_area`` 0..1: the same as an area by the product's area, an estimate of 1 - IoU along the outline;
    ``edge_shift_px`` -8..8: median shift that the photo asks for, > 0 = the matte is too small; ``edge_off``
    0..1: share that lies 2 px or more beside a clearly better fitting edge; ``edge_unsupported`` 0..1: share
    with no edge of the photo near; ``edge_bare_length`` 0..10: length of runs without one by the root of the
    product's area, weighted with the photo's contrast (where most of the outline is plain to see, such a run
    is suspicious; white on white it is not); ``softness_px`` 0..33: median width of the 10-90 % ramp;
    ``softness_excess`` 0..1: how much better a threefold steeper ramp explains the photo.
    """
    alpha = lines.alpha
    centred = lines.lab - lines.lab.mean(1, keepdims=True)
    energy = np.einsum("ntc,ntc->n", centred, centred) + 1e-3
    steep = np.clip((alpha - 0.5) * 3 + 0.5, 0, 1)
    fits, contrasts = _fits(alpha, centred, energy)
    steep_fits, _ = _fits(steep, centred, energy)
    here, contrast = fits[:, SHIFTS], contrasts[:, SHIFTS]
    best = fits.argmax(1) - SHIFTS
    supported = (contrast >= WEAK_CONTRAST) & (fits.max(1) > 0.35)
    off = supported & (np.abs(best) >= 2) & (fits.max(1) - here > CLEAR_GAIN)
    unsupported = (fits[:, SHIFTS - 2 : SHIFTS + 3].max(1) < 0.35) | (contrast < WEAK_CONTRAST)
    run = np.convolve(unsupported, np.ones(7) / 7, "same") > 0.7
    plain = min(1.0, float(np.median(contrast)) / PLAIN_CONTRAST)
    excess = (steep_fits[:, SHIFTS] - here)[supported]
    ramp = ((alpha > 0.1) & (alpha < 0.9)).sum(1)
    return {
        **_better_alpha(lines, steep, fits, steep_fits, supported),
        "edge_shift_px": float(np.median(best[supported])) if supported.any() else 0.0,
        "edge_off": float(off.mean()),
        "edge_unsupported": float(unsupported.mean()),
        "edge_bare_length": min(10.0, float(run.mean()) * lines.length * plain),
        **_other_edges(lines, lab, run),
        "softness_px": float(np.median(ramp)),
        "softness_excess": float(np.clip(excess.mean(), 0, 1)) if supported.any() else 0.0,
    }


def _better_alpha(lines: Profiles, steep: F32, fits: F32, steep_fits: F32, supported: F32) -> dict[str, float]:
    """Distance of alpha to the better alpha over the lines that have an edge: in the band, and as an area."""
    if not supported.any():
        return {"edge_error": 0.0, "edge_area": 0.0}
    every = np.concatenate([fits, steep_fits], 1)
    choice = every.argmax(1)
    clear = supported & (every.max(1) - fits[:, SHIFTS] > CLEAR_GAIN)
    band = slice(REACH - 12, REACH + 13)
    total = 0.0
    for i in np.unique(choice[clear]):
        same = clear & (choice == i)
        source, shift = (lines.alpha, int(i)) if i < fits.shape[1] else (steep, int(i) - fits.shape[1])
        better = _shifted(source[same], shift - SHIFTS)
        total += float(np.abs(lines.alpha[same] - better)[:, band].mean(1).sum())
    error = total / int(supported.sum())
    return {
        "edge_error": min(1.0, error),
        "edge_area": min(1.0, error * 25 * lines.step_share * lines.length * float(supported.mean())),
    }


def _other_edges(lines: Profiles, lab: F32, run: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Where the outline has no edge (``run``), is a plain one further in (leftover) or out (part missing)?

    From each such point the colour is followed along the normal, up to 6 % of the long side, as long as it
    stays what it is at the outline; an abrupt change ends it. ``edge_inside_length``, ``edge_outside_length``
    0..10: lengths of outline with such an edge, by the root of the product's area. Needs no even backdrop.
    """
    if not run.any():
        return {"edge_inside_length": 0.0, "edge_outside_length": 0.0}
    height, width = lab.shape[:2]
    step = FOLLOW * max(height, width) / FOLLOW_STEPS
    steps = np.arange(FOLLOW_STEPS + 1, dtype=np.float32) * np.float32(step)
    found = {}
    for name, sign in (("edge_inside_length", -1.0), ("edge_outside_length", 1.0)):
        xs = lines.x[run, None] * width + sign * steps * lines.normal[run, :1]
        ys = lines.y[run, None] * height + sign * steps * lines.normal[run, 1:]
        inside = (xs >= 0) & (xs < width - 1) & (ys >= 0) & (ys < height - 1)
        colours = cv2.remap(lab, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        jump = np.sqrt(((colours[:, 2:] - colours[:, :-2]) ** 2).sum(-1))
        drift = np.sqrt(((colours[:, 1:-1] - colours[:, :1]) ** 2).sum(-1))
        abrupt = (jump > ABRUPT) & inside[:, 2:]
        first = np.where(abrupt.any(1), abrupt.argmax(1), 0)
        before = np.maximum(first - 2, 0)
        steady = drift[np.arange(len(first)), before] < ABRUPT
        hits = abrupt.any(1) & (first >= 2) & steady
        found[name] = min(10.0, float(hits.sum() / len(run)) * lines.length)
    return found


def _shifted(alpha: F32, by: int) -> F32:
    """The alpha lines moved outward by ``by`` samples, their ends held."""
    index = np.clip(np.arange(alpha.shape[1]) - by, 0, alpha.shape[1] - 1)
    return alpha[:, index]


def _fits(alpha: F32, centred: F32, energy: F32) -> tuple[F32, F32]:
    """R^2 (0..1) of colour explained by alpha moved by each of -SHIFTS..SHIFTS samples, N x shifts, and the colour
    step that it implies (CIE76), likewise. All shifts in one product of matrices: N times 17 x T by T x 3.
    """
    steps = alpha.shape[1]
    index = np.arange(steps)[None] - np.arange(-SHIFTS, SHIFTS + 1)[:, None]
    moved = np.take(alpha, np.clip(index, 0, steps - 1), axis=1)
    swing = _running(alpha, np.maximum) - _running(alpha, np.minimum)
    moved -= np.einsum("nst->ns", moved)[..., None] / np.float32(steps)
    product = moved @ centred
    norm = np.einsum("nsc,nsc->ns", product, product)
    power = np.einsum("nst,nst->ns", moved, moved) + 1e-6
    fits, contrast = norm / (power * energy[:, None]), np.sqrt(norm) / power * swing
    return np.asarray(fits, np.float32), np.asarray(contrast, np.float32)


def _running(alpha: F32, pick: np.ufunc) -> F32:
    """The largest or least alpha of each line as `_fits` moves it: of the line's start, the rest of it moved out, or
    of its end."""
    starts, ends = pick.accumulate(alpha, axis=1), pick.accumulate(alpha[:, ::-1], axis=1)
    last = alpha.shape[1] - 1
    return np.concatenate([ends[:, last - SHIFTS : last], starts[:, last : last - SHIFTS - 1 : -1]], 1)
