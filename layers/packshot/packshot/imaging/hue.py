"""What the hue tells where brightness cannot: a shadow keeps the backdrop's hue."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.backdrop import Fields, Indices, estimate
from packshot.imaging.light import F32

HUES_APART, DIM = 0.1, 0.02
"""Hues are told apart fully from a squared sine of 0.1; light below 0.02 is too dim to have a hue."""
EXPLAINED, STRANGE = 0.012, 0.025
"""A colour is a mixture of two to within 0.012 of root light, which noise and JPEG stay below; none from 0.025 on."""
OFTEN_WRONG, EVERY = 0.1, 4
"""The hue is worth nothing where it would call a tenth of the sure product a shadow; every fourth pixel is asked."""
BRIGHTER, MOSTLY = 1.1, (0.4, 0.6)
"""Light above 1.1 of the backdrop's is no shadow; three fifths of that among what it would take, and it is worth
nothing."""


def without_shadow(light: F32, matte: F32, network_px: float, depth: float = 1.0) -> F32:
    """The coarse matte h x w lowered where a doubtful pixel is only the backdrop in shadow.

    A shadow keeps the backdrop's hue: the share of the product that the hue tells is trusted, and only takes away. What
    is neither the backdrop's nor the product's hue, nor a mixture of the two, is a part of another colour and stays;
    of a product that is of the backdrop's hue in places (silver with coloured stones before grey) all stays, and where
    most of what would go is brighter than the backdrop.
    Shadows are smooth, so all of it is looked at in half size. light h x w x 3 linear, the rest as for
    `backdrop.estimate`.
    """
    height, width = matte.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    small, seen = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (light, matte))
    fields = estimate(small, seen, network_px / 2, depth)
    doubtful = np.nonzero(fields.unsettled)
    told, trust = _told(small, fields, doubtful)
    shadow = trust * np.maximum(seen[doubtful] - told, 0)
    bright = _strength(small[doubtful]) > BRIGHTER * _strength(fields.at(*doubtful).backdrop)
    vain = np.interp(float(shadow[bright].sum()) / (float(shadow.sum()) + 1e-6), MOSTLY, (0, 1))
    taken = np.zeros_like(seen)
    taken[doubtful] = (1 - max(_wrong(small, fields), float(vain))) * shadow
    lowered: F32 = np.maximum(matte - cv2.resize(taken, (width, height), interpolation=cv2.INTER_LINEAR), 0)
    return lowered


def _strength(light: F32) -> F32:
    """The length of colours, n x 3."""
    return np.asarray(np.sqrt(np.einsum("nc,nc->n", light, light)), np.float32)


def _told(light: F32, fields: Fields, where: tuple[Indices, ...]) -> tuple[F32, F32]:
    """The product's share of the pixels at rows and columns, and how far to trust that nothing else has a share."""
    known = fields.at(*where)
    told, trust, off = _share_by_hue(light[where], known.product, known.backdrop)
    return told, trust * np.clip((STRANGE - off) / (STRANGE - EXPLAINED), 0, 1)


def _wrong(light: F32, fields: Fields) -> float:
    """How little the hue is worth, 0..1: the share of the sure product that it would call a shadow, for its limit."""
    rows, columns = np.nonzero(fields.inside[::EVERY, ::EVERY])
    told, trust = _told(light, fields, (rows * EVERY, columns * EVERY))
    return min(1.0, float((trust * (1 - told)).mean()) / OFTEN_WRONG) if told.size else 0.0


def _share_by_hue(light: F32, product: F32, backdrop: F32) -> tuple[F32, F32, F32]:
    """The product's share of pixels and how far to trust it, 0..1, and how far each is off any mixture; n x 3 linear.

    Every pixel is unmixed into non-negative shares of the product's and the backdrop's colour without asking that they
    sum to one, so that darkness counts for neither; this is trusted as far as the two hues are apart (squared sine
    between the colours) and there is light enough to have a hue. What the shares leave unexplained is in root light.
    """
    f2, b2, lit = (np.einsum("nc,nc->n", a, a) for a in (product, backdrop, light))
    fb, fi, bi = (np.einsum("nc,nc->n", a, b) for a, b in ((product, backdrop), (product, light), (backdrop, light)))
    apart = 1 - fb * fb / (f2 * b2 + 1e-9)
    det = f2 * b2 - fb * fb + 1e-9
    of_product = np.maximum((fi * b2 - bi * fb) / det, 0)
    of_backdrop = np.where(of_product > 0, np.maximum((bi * f2 - fi * fb) / det, 0), bi / (b2 + 1e-9))
    of_product = np.where(of_backdrop > 0, of_product, fi / (f2 + 1e-9))
    rest = light - of_product[:, None] * product - of_backdrop[:, None] * backdrop
    off = np.sqrt(np.einsum("nc,nc->n", rest, rest)) / (2 * np.sqrt(np.sqrt(lit) + DIM**2))
    told = of_product * np.sqrt(f2) / (of_product * np.sqrt(f2) + of_backdrop * np.sqrt(b2) + 1e-6)
    return told, np.clip(apart / HUES_APART, 0, 1) * lit / (lit + DIM**2), off
