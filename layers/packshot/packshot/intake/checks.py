"""Blank, hopelessly blurred, burnt out: photos that no later step can save. When in doubt, a photo passes.

All three look at a preview, so that sensor noise is averaged away. Thresholds and what they were measured on:
see each constant; ``docs/drop.md`` tells users.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.reasons import reason
from packshot.records import Reason

Grey = npt.NDArray[np.float32]

BLANK_RANGE = 6.0
"""Grey levels (of 255) between the darkest and brightest 0.1 % at 192 px, once a smooth gradient is taken
away. White mug on white: over 100; an empty, noisy, vignetted backdrop: under 4."""
CLIPPED_SHARE = 0.999
"""Share of pixels that are burnt out or black at 1024 px. A ring on pure white keeps over 1 % between."""
BLUR_RATIO = 0.28
"""Strongest edges at 512 px against the same at 64 px. In focus: 0.85 to 2.5; blurred by 0.75 % of
the frame (a Gaussian's sigma): 0.17 to 0.30, by 1 %: 0.16 to 0.21. Measured with sensor noise
of 4 levels added."""


def fault(rgb: npt.NDArray[np.uint8]) -> Reason | None:
    """Why the photo (HxWx3 uint8 sRGB, long edge about 1024 px) is past saving, or None."""
    image = Image.fromarray(rgb)
    relief = blank_range(image)
    if relief < BLANK_RANGE:
        return reason("BLANK", measured=f"{relief:.1f} grey levels", required=f"at least {BLANK_RANGE:g}")
    burnt = clipped_share(rgb)
    if burnt > CLIPPED_SHARE:
        return reason("CLIPPED", measured=f"{burnt:.2%} of the pixels", required=f"at most {CLIPPED_SHARE:.1%}")
    sharp = blur_ratio(image)
    if sharp < BLUR_RATIO:
        return reason("BLURRED", measured=f"edge ratio {sharp:.2f}", required=f"at least {BLUR_RATIO:g}")
    return None


def _grey(image: Image.Image, long_edge: int) -> Grey:
    scale = long_edge / max(image.size)
    size = (max(8, round(image.width * scale)), max(8, round(image.height * scale)))
    return np.asarray(image.convert("L").resize(size, Image.Resampling.BOX), np.float32)


def blank_range(image: Image.Image) -> float:
    """Grey levels between the 0.1 % and 99.9 % quantiles at 192 px, above a fitted quadratic surface."""
    grey = _grey(image, 192)
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, grey.shape[0], dtype=np.float32),
        np.linspace(-1, 1, grey.shape[1], dtype=np.float32),
        indexing="ij",
    )
    one = np.ones_like(rows)
    surface = np.stack([one, rows, columns, rows * columns, rows**2, columns**2], -1).reshape(-1, 6)
    weights, *_ = np.linalg.lstsq(surface, grey.reshape(-1), rcond=None)
    low, high = np.quantile(grey.reshape(-1) - surface @ weights, [0.001, 0.999])
    return float(high - low)


def clipped_share(rgb: npt.NDArray[np.uint8], margin: int = 2) -> float:
    """Share of pixels whose channels all lie within ``margin`` of 0, or all within it of 255."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]  # numpy reduces a last axis of three slowly
    dark = np.maximum(np.maximum(red, green), blue) <= margin
    light = np.minimum(np.minimum(red, green), blue) >= 255 - margin
    return float(np.mean(dark | light))


def blur_ratio(image: Image.Image) -> float:
    """How steep the steepest edges stay when one looks eight times closer: 1 sharp, 1/8 wholly blurred.

    The 99.9 % quantile of the gradient (grey levels a pixel) at 512 px, less what noise contributes, over
    that at 64 px.
    """
    fine, coarse = _grey(image, 512), _grey(image, 64)
    # Robust noise estimate: Immerkaer 1996, with the median instead of the mean (edges do not count).
    bend = fine[1:-1, 1:-1] * 4 - 2 * (fine[:-2, 1:-1] + fine[2:, 1:-1] + fine[1:-1, :-2] + fine[1:-1, 2:])
    bend += fine[:-2, :-2] + fine[:-2, 2:] + fine[2:, :-2] + fine[2:, 2:]
    noise = float(np.median(np.abs(bend))) / 0.6745 / 6
    steep = np.sqrt(max(0.0, _steepest(fine) ** 2 - (2.6 * noise) ** 2))
    return float(steep / max(_steepest(coarse), 1e-3))


def _steepest(grey: Grey) -> float:
    down, across = np.gradient(grey)
    return float(np.quantile(np.hypot(down, across), 0.999))
