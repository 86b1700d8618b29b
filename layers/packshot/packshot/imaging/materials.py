"""Colour models of two materials, cloth and a mannequin's skin or plastic, each in more and in less light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32

Mask = npt.NDArray[np.bool_]

_BINS = (24, 48, 48)  # of L 0..100, a and b
_WIDEST, _FINEST, _STEPS = 128 / 48, 0.8, 5  # bins of a and b: width in CIE Lab, and how many between two materials
_LIGHT = 0.25  # what a difference in L counts for, against one in a and b
_BLUR = (1.2, 0.8, 0.8)  # sigma along these, in bins
_SHADES = (1.0, 1.25, 1.6, 0.75, 0.55, 0.38)  # light on a material, against that on its seed; first its own
_CLOTH_SHARE = (0.6, 0.1, 0.05, 0.13, 0.08, 0.04)
_FORM_SHARE = (0.6, 0.1, 0.0, 0.16, 0.11, 0.03)
_UNKNOWN = 3e-5  # density of a colour that neither model has seen


def lab_of(light: F32) -> F32:
    """float32 CIE Lab (L 0..100) of float32 HxWx3 linear sRGB light."""
    return np.asarray(cv2.cvtColor(np.minimum(light, 1), cv2.COLOR_LRGB2Lab), np.float32)


@dataclass(frozen=True)
class Hues:
    """Bins of CIE Lab's a and b, `width` wide and around `middle`: the more alike two materials, the finer.

    Greige cloth on a grey form differs by less than one bin that is wide enough for all colours.
    """

    middle: tuple[float, float] = (0.0, 0.0)
    width: float = _WIDEST

    @property
    def apart(self) -> float:
        """How far the materials are apart, up to 1: as far as colour can tell without doubt."""
        return self.width / _WIDEST

    def codes(self, lab: F32) -> npt.NDArray[np.int32]:
        """int32 HxW: the bin of each colour of float32 HxWx3."""
        scaled = np.empty(lab.shape, np.int32)
        scaled[..., 0] = np.clip(lab[..., 0] / 100 * _BINS[0], 0, _BINS[0] - 1)
        for k in (1, 2):
            scaled[..., k] = np.clip((lab[..., k] - self.middle[k - 1]) / self.width + _BINS[k] / 2, 0, _BINS[k] - 1)
        return np.asarray((scaled[..., 0] * _BINS[1] + scaled[..., 1]) * _BINS[2] + scaled[..., 2], np.int32)

    def shades(self, light: F32) -> list[npt.NDArray[np.int32]]:
        """The bins of float32 HxWx3 linear light as it is, then in more and in less light."""
        return [self.codes(lab_of(light * k)) for k in _SHADES]


def hues(lab: F32, cloth: Mask, form: Mask) -> Hues:
    """Bins that tell the two materials apart, from where (bool HxW) they are known; light is also the shade's."""
    if not cloth.any() or not form.any():
        return Hues()
    one, other = (np.median(lab[mask], 0) for mask in (cloth, form))
    width = float(np.linalg.norm((one - other) * (_LIGHT, 1, 1))) / _STEPS
    if width >= _WIDEST:
        return Hues()
    _, a, b = (one + other) / 2
    return Hues((float(a), float(b)), max(_FINEST, width))


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


def cloth_chance(shades: list[npt.NDArray[np.int32]], garment: F32, mannequin: F32) -> tuple[F32, float]:
    """Chance of garment by colour alone, and the overlap of the two colour models (Bhattacharyya, 0..1).

    Both models know their material in less and in more light than the seeds were in: folds and armpits of
    the one, arms and shoulders of the other. What neither knows leans towards the garment, which may have
    more colours than its torso shows.
    """
    cloth, form = _density(shades, _CLOTH_SHARE, garment), _density(shades, _FORM_SHARE, mannequin)
    overlap = float(np.sqrt(cloth * form).sum())
    odds = (cloth + 1.5 * _UNKNOWN) / (cloth + form + 2.5 * _UNKNOWN)
    return np.take(odds.ravel().astype(np.float32), shades[0]), overlap
