"""What the hue tells where brightness cannot: a shadow keeps the backdrop's hue, a fibre has the product's."""

from __future__ import annotations

import cv2
import numpy as np

from packshot.imaging.backdrop import Fields, estimate
from packshot.imaging.light import F32, U8, linear

HUES_APART, DIM = 0.1, 0.02
"""Hues are told apart fully from a squared sine of 0.1; light below 0.02 is too dim to have a hue."""
FIBRE_NONE, FIBRE_ALL = 0.1, 0.8
EXPLAINED, STRANGE = 0.012, 0.025
"""A colour is a mixture of two to within 0.012 of root light, which noise and JPEG stay below; none from 0.025 on."""


def without_shadow(light: F32, matte: F32, network_px: float, depth: float = 1.0) -> F32:
    """The coarse matte h x w lowered where a doubtful pixel is only the backdrop in shadow.

    A shadow keeps the backdrop's hue: the share of the product that the hue tells is trusted, and only takes away. What
    is neither the backdrop's nor the product's hue, nor a mixture of the two, is a part of another colour and stays.
    Shadows are smooth, so all of it is looked at in half size. light h x w x 3 linear, the rest as for
    `backdrop.estimate`.
    """
    height, width = matte.shape
    size = ((width + 1) // 2, (height + 1) // 2)
    small, seen = (cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (light, matte))
    fields = estimate(small, seen, network_px / 2, depth)
    doubtful = np.nonzero(fields.unsettled)
    known = fields.at(*doubtful)
    told, trust, off = share_by_hue(small[doubtful], known.product, known.backdrop)
    mixture = np.clip((STRANGE - off) / (STRANGE - EXPLAINED), 0, 1)
    taken = np.zeros_like(seen)
    taken[doubtful] = mixture * trust * np.maximum(seen[doubtful] - told, 0)
    lowered: F32 = np.maximum(matte - cv2.resize(taken, (width, height), interpolation=cv2.INTER_LINEAR), 0)
    return lowered


def with_fibres(photo: U8, fine: F32, fields: Fields) -> F32:
    """The fine matte raised to what the hue tells, where single fibres are fainter than any edge.

    photo uint8 H x W x 3 sRGB and fine H x W, fields of a photo of half that size. Fibres differ in colour from the
    product as a whole and from each other, so shares of 0.1 and 0.8 count as none and all.
    """
    rows, columns = np.nonzero(np.repeat(np.repeat(fields.unsettled, 2, axis=0), 2, axis=1))
    known = fields.at(rows // 2, columns // 2)
    told, trust, _ = share_by_hue(linear(photo[rows, columns]), known.product, known.backdrop)
    fibre = trust * np.clip((told - FIBRE_NONE) / (FIBRE_ALL - FIBRE_NONE), 0, 1)
    raised = fine.copy()
    raised[rows, columns] = np.maximum(fine[rows, columns], fibre)
    return raised


def share_by_hue(light: F32, product: F32, backdrop: F32) -> tuple[F32, F32, F32]:
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
