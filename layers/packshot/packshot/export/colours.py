"""The colour's name, measured: the palette's nearest anchors by CIEDE2000, voted over the product's
pixels.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import numpy.typing as npt

from packshot.documents import from_yaml

U8 = npt.NDArray[np.uint8]
F32 = npt.NDArray[np.float32]

_PALETTE = Path(__file__).parent / "data" / "colours.yaml"
MULTICOLOURED = "multicoloured"
_SAMPLES = 1200
_ONE = 0.5  # share from which one name stands for the product
_TWO = 0.8  # share that two names must reach together,
_SECOND = 0.3  # and the second of them alone


@functools.cache
def palette() -> tuple[tuple[str, ...], F32]:
    """Names, one per anchor, and the anchors in CIELAB (D65), float32 Nx3."""
    from skimage.color import rgb2lab

    data: dict[str, list[str]] = from_yaml(_PALETTE.read_text("utf-8"))
    pairs = [(name, anchor) for name, anchors in data.items() for anchor in anchors]
    rgb = np.array([[int(anchor[i : i + 2], 16) / 255 for i in (1, 3, 5)] for _, anchor in pairs], np.float32)
    return tuple(name for name, _ in pairs), np.asarray(rgb2lab(rgb[None])[0], np.float32)


def shares(master: U8) -> dict[str, float]:
    """The share of each colour name in a master (uint8 HxWx4), largest first; empty when it shows no
    product.
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    where = np.flatnonzero(master[..., 3].ravel() >= 230)
    if not where.size:
        return {}
    where = where[:: max(1, where.size // _SAMPLES)]
    rgb = master.reshape(-1, 4)[where, :3].astype(np.float32) / 255  # in single precision: two thirds of the time
    lab = rgb2lab(rgb[None])[0]
    names, anchors = palette()
    nearest = np.argmin(deltaE_ciede2000(lab[:, None, :], anchors[None, :, :]), axis=1)
    count: dict[str, int] = {}
    for index in nearest:
        count[names[int(index)]] = count.get(names[int(index)], 0) + 1
    return {name: n / len(nearest) for name, n in sorted(count.items(), key=lambda item: (-item[1], item[0]))}


def name(master: U8) -> list[str]:
    """The colour of a product in palette names: one, two (main first), ``[multicoloured]``, or none at all.

    Neighbouring greys are one colour in three lights, so they are joined before the vote.
    """
    found = _joined(shares(master))
    if not found:
        return []
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    if len(ranked) > 1 and ranked[1][1] >= _SECOND and ranked[0][1] + ranked[1][1] >= _TWO:
        return [ranked[0][0], ranked[1][0]]
    if ranked[0][1] >= _ONE:
        return [ranked[0][0]]
    return [MULTICOLOURED]


# Shading moves one surface through these names; the largest of a family speaks for it.
_FAMILIES = (
    ("light grey", "grey", "dark grey"),
    ("white", "ivory", "light grey"),
    ("black", "dark grey"),
    ("blue", "navy", "light blue"),
    ("green", "dark green", "light green"),
    ("red", "burgundy"),
    ("brown", "tan", "beige"),
    ("yellow", "gold"),
    ("teal", "turquoise"),
    ("purple", "lilac"),
)


def _joined(found: dict[str, float]) -> dict[str, float]:
    out: dict[str, float] = {}
    rest = dict(found)
    while rest:
        head = max(rest, key=lambda key: (rest[key], key))
        family = {head}.union(*(set(names) for names in _FAMILIES if head in names))
        out[head] = sum(rest.pop(member) for member in sorted(family & rest.keys()))
    return out
