"""See-through products: flat-field the backdrop out of the glass instead of cutting a silhouette.

What the camera saw through glass is backdrop x transmission + the glass's own light. The least alpha that
explains a pixel with colours that exist (Smith and Blinn 1996, "Blue screen matting", the unknown taken as
small as it can be) takes all backdrop out that can be backdrop: clear parts become clear, shade stays as a
thin dark layer, highlights as a thin bright one. Where a whole neighbourhood is far from the backdrop, it is
liquid or label, and solid.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from packshot.imaging.light import F32, U8, linear, srgb
from packshot.imaging.reduced import LUMA, blurred, enlarged, planes, reduced_size, scale_of, spread_from_around
from packshot.imaging.tiles import bands

_SIDE = 900  # px of the longer side where neighbourhoods are judged
_ROWS = 512  # rows worked on at a time: memory stays small whatever the photo
_SLACK = (0.012, 0.05)  # |photo - backdrop| that tells nothing: absolute, and share of the backdrop
_LEAST = 0.05  # alpha of the clearest glass: it is there


def see_through(rgb: U8, silhouette_alpha: U8, backdrop_linear: F32 | None) -> tuple[U8, U8]:
    """Straight foreground colour (uint8 HxWx3) and alpha (uint8 HxW) of a glass product.

    rgb uint8 HxWx3 sRGB, silhouette_alpha uint8 HxW of the whole product, backdrop_linear float32 h x w x 3 the
    backdrop as it would be without the product, of any size (it is smooth). None where it is not known: it is
    then guessed from around the product, and before clutter the glass is made neutral. Alpha is never above the
    silhouette's.
    """
    size = reduced_size(rgb.shape, _SIDE)
    # not by halves: their rounding, a quarter of a step, tells in what is divided by the alpha of clear glass
    photo, shape = (cv2.resize(image, size, interpolation=cv2.INTER_AREA) for image in (rgb, silhouette_alpha))
    small, shape = linear(photo), shape.astype(np.float32) / 255
    if backdrop_linear is None:
        base = spread_from_around(small, shape)
        known = _even(small, shape)
    else:
        base, known = cv2.resize(backdrop_linear, size, interpolation=cv2.INTER_AREA), True
    body = _solid_body(planes(small), planes(base), shape, known)
    colour, alpha = rgb.copy(), silhouette_alpha.copy()
    for part in bands(silhouette_alpha, _ROWS):
        there = silhouette_alpha[part] > 0
        where = np.flatnonzero(there)
        here, solid = (enlarged(field, part, scale_of(field.shape, rgb.shape)) for field in (base, body))
        light = linear(_taken(rgb[part], where))
        share, paint = _pixels(light, _taken(here, where), solid.ravel()[where], known)
        colour[part][there] = srgb(paint).T
        alpha[part][there] = np.round(share * silhouette_alpha[part][there]).astype(np.uint8)
    return colour, alpha


def _taken(image: U8 | F32, where: npt.NDArray[np.intp]) -> U8 | F32:
    """The colours of N pixels of h x w x 3, as 3 x N."""
    return np.ascontiguousarray(np.take(image.reshape(-1, 3), where, axis=0).T)


def _even(small: F32, shape: F32) -> bool:
    """Whether what is around the product is smooth, so that it goes on behind the product as it is beside it."""
    outside = (cv2.dilate(shape, np.ones((9, 9), np.uint8)) < 0.02).astype(np.float32)
    if float(outside.mean()) < 0.05:
        return False
    sigma = 0.02 * max(shape.shape)
    around = planes(blurred(small * cv2.merge([outside] * 3), sigma, sigma))
    around /= np.maximum(blurred(outside, sigma, sigma), 1e-3)
    off = np.abs(planes(small) - around).max(0) / (around.max(0) + 0.03)
    return float((off[outside > 0] < 0.06).mean()) > 0.93


def _least_alpha(light: F32, base: F32) -> F32:
    """The least alpha for which a colour between black and white explains the pixel; 3 x ... both."""
    off = light - base
    # room to white is small above a bright backdrop: noise there must not count as product
    room = np.where(off > 0, np.maximum(1 - base, 0.3), np.maximum(base, 0.03))
    far = np.maximum(0, np.abs(off) - _SLACK[0] - _SLACK[1] * base)
    return np.asarray(np.minimum((far / room).max(0), 1), np.float32)


def _foreign(light: F32, base: F32) -> F32:
    """Colour that neither the backdrop nor white light on glass can give, relative to the pixel's light.

    light and base 3 x ..., linear. The part of the pixel's colour off grey that is no multiple (0 to 1.3) of the
    backdrop's own colour off grey: about 0 in clear glass, its highlights and its shade.
    """
    off, own = (v - v.mean(0) for v in (light, base))
    part = np.clip((off * own).sum(0) / (np.square(own).sum(0) + 1e-3), 0, 1.3)
    rest = np.sqrt(np.square(off - part * own).sum(0))
    return np.asarray(rest / (np.sqrt(np.square(light).sum(0)) + 0.03), np.float32)


def _solid_body(light: F32, base: F32, shape: F32, known: bool) -> F32:
    """0..1 h x w: where the neighbourhood, not one pixel, is no glass: label, liquid, stopper, frame.

    Far from the backdrop altogether, or of a colour of its own. light and base are 3 x h x w, shape is h x w.
    """
    side = max(shape.shape)
    weight = np.maximum(shape, 1e-3)

    def around(values: F32, sigma: float) -> F32:
        mean = cv2.GaussianBlur(values * weight, (0, 0), sigma) / cv2.GaussianBlur(weight, (0, 0), sigma)
        return np.asarray(mean, np.float32)

    far = np.clip((around(_least_alpha(light, base), 0.004 * side) - 0.45) / 0.2, 0, 1)
    if known:
        far = np.maximum(far, np.clip((around(_foreign(light, base), 0.002 * side) - 0.07) / 0.07, 0, 1))
    # a stripe of a label that looks like the backdrop by chance is enclosed, above and below, by the label
    tall, broad = (int((shape > 0.5).any(axis).sum()) for axis in (1, 0))
    bridge = np.ones((max(1, round(0.08 * tall)) | 1, 1), np.uint8)
    bands = cv2.morphologyEx(far.astype(np.float32), cv2.MORPH_OPEN, np.ones((1, max(1, round(0.3 * broad)))))
    return np.asarray(np.maximum(far, cv2.morphologyEx(bands, cv2.MORPH_CLOSE, bridge)), np.float32)


def _pixels(light: F32, base: F32, body: F32, known: bool) -> tuple[F32, F32]:
    """alpha N and straight linear colour 3xN of N pixels; light and base are 3xN, body N (_solid_body)."""
    least = _least_alpha(light, base)
    lift = np.clip((least - 0.6) / 0.25, 0, 1)
    lift = np.maximum(lift * lift * (3 - 2 * lift), body)
    share = np.maximum(least + (1 - least) * lift, _LEAST)
    paint = np.clip((light - (1 - share) * base) / share, 0, 1)
    # the glass's own light is grey unless the pixel has a colour that the backdrop cannot have lent it
    limit = 0.05 if known else 0.16
    neutral = np.exp(-((_foreign(light, base) / limit) ** 2)) * (1 - body)
    paint += neutral * (LUMA @ paint - paint)
    return share.astype(np.float32), paint.astype(np.float32)
