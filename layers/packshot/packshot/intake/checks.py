"""Blank, hopelessly blurred, burnt out: photos that no later step can save. When in doubt, a photo passes.

All three look at a preview, so that sensor noise is averaged away. Thresholds and what they were measured on:
see each constant; ``docs/drop.md`` tells users.
"""

from __future__ import annotations

import numpy as np

from packshot.intake.glance import Glance, Grey
from packshot.reasons import reason
from packshot.records import Reason

BLANK_RANGE = 6.0
"""Grey levels (of 255) between the darkest and brightest 0.1 % at 192 px, once a smooth gradient is taken
away. White mug on white: over 100; an empty, noisy, vignetted backdrop: under 4."""
CLIPPED_MARGIN = 2
CLIPPED_SHARE = 0.999
"""Share of pixels that are burnt out or black at 1024 px. A ring on pure white keeps over 1 % between."""
BLUR_RATIO = 0.28
"""Strongest edges at 512 px against the same at 64 px. In focus: 0.85 to 2.5; blurred by 0.75 % of
the frame (a Gaussian's sigma): 0.17 to 0.30, by 1 %: 0.16 to 0.21. Measured with sensor noise
of 4 levels added."""


def fault(seen: Glance) -> Reason | None:
    """Why the photo is past saving, or None."""
    relief = blank_range(seen)
    if relief < BLANK_RANGE:
        return reason("BLANK", measured=f"{relief:.1f} grey levels", required=f"at least {BLANK_RANGE:g}")
    burnt = seen.clipped(CLIPPED_MARGIN)
    if burnt > CLIPPED_SHARE:
        return reason("CLIPPED", measured=f"{burnt:.2%} of the pixels", required=f"at most {CLIPPED_SHARE:.1%}")
    sharp = blur_ratio(seen)
    if sharp < BLUR_RATIO:
        return reason("BLURRED", measured=f"edge ratio {sharp:.2f}", required=f"at least {BLUR_RATIO:g}")
    return None


def blank_range(seen: Glance) -> float:
    """Grey levels between the 0.1 % and 99.9 % quantiles at 192 px, above a fitted quadratic surface."""
    grey = seen.grey(192)
    rows, columns = np.meshgrid(
        np.linspace(-1, 1, grey.shape[0], dtype=np.float32),
        np.linspace(-1, 1, grey.shape[1], dtype=np.float32),
        indexing="ij",
    )
    one = np.ones_like(rows)
    terms = np.stack([one, rows, columns, rows * columns, rows**2, columns**2]).reshape(6, -1)
    levels = grey.reshape(-1)
    # six terms of like size: their normal equations are well-conditioned, and a tenth of the work of a decomposition
    weights = np.linalg.solve((terms @ terms.T).astype(np.float64), (terms @ levels).astype(np.float64))
    low, high = np.quantile(levels - weights.astype(np.float32) @ terms, [0.001, 0.999])
    return float(high - low)


def blur_ratio(seen: Glance) -> float:
    """How steep the steepest edges stay when one looks eight times closer: 1 sharp, 1/8 wholly blurred.

    The 99.9 % quantile of the gradient (grey levels a pixel) at 512 px, less what noise contributes, over
    that at 64 px.
    """
    fine, coarse = seen.grey(512), seen.grey(64)
    # Robust noise estimate: Immerkaer 1996, with the median instead of the mean (edges do not count).
    across = 2 * fine[:, 1:-1] - fine[:, :-2] - fine[:, 2:]
    bend = 2 * across[1:-1] - across[:-2] - across[2:]
    noise = float(np.median(np.abs(bend, out=bend))) / 0.6745 / 6
    steep = np.sqrt(max(0.0, _steepest(fine) ** 2 - (2.6 * noise) ** 2))
    return float(steep / max(_steepest(coarse), 1e-3))


def _steepest(grey: Grey) -> float:
    down, across = np.gradient(grey)
    return float(np.sqrt(np.quantile(down * down + across * across, 0.999)))
