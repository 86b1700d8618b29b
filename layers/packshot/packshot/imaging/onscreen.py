"""Pictures for the screen: a cut-out with its shadow as one RGBA picture, right on any background."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from packshot.imaging.light import U8
from packshot.imaging.reduced import shrunk


def reduced(image: U8, longest: int) -> U8:
    """The image (HxW or HxWxC, uint8), its longest side at most `longest`; itself if small enough."""
    height, width = image.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(shrunk(image, size), np.uint8)


def with_shadow(master: U8, shadow: U8 | None) -> U8:
    """uint8 HxWx4 straight alpha: the master (HxWx4) over black of the shadow's density (HxW or None).

    On a background B it gives ``B * (1 - shadow) * (1 - alpha) + colour * alpha``, as export composes.
    """
    if shadow is None or not shadow.any():
        return master
    alpha = master[..., 3].astype(np.float32) / 255
    both = 1 - (1 - alpha) * (1 - shadow.astype(np.float32) / 255)
    weight = np.divide(alpha, both, out=np.zeros_like(both), where=both > 0)
    out = np.empty_like(master)
    out[..., :3] = np.round(master[..., :3] * weight[..., None])
    out[..., 3] = np.round(both * 255)
    return out


def webp(image: U8, quality: int) -> bytes:
    """RGB or RGBA (uint8 HxWx3 or HxWx4) as WebP, quality 1..100: Pillow's quickest method, quick over small.

    Alpha keeps a fifth of its levels less than all, which no eye tells and which halves the time.
    """
    out = io.BytesIO()
    Image.fromarray(image).save(out, "WEBP", quality=quality, method=0, alpha_quality=80)
    return out.getvalue()
