"""Which channels of the accurate network are worth what they cost.

What a channel is worth is told by how far the loss moves, to the first order, as it is switched off (Molchanov, Mallya,
Tyree, Frosio, Kautz, "Importance Estimation for Neural Network Pruning", CVPR 2019); what it costs is its
multiplications.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from packshot.imaging import channels

Worth = dict[str, NDArray[np.float32]]
"""By set of channels: a number of each one that is left."""
BLOCK = 16
"""Channels go by so many, for processors multiply them by so many."""


def dearest(
    met: Sequence[channels.Convolution], worth: Worth, widths: Mapping[str, int], share: float
) -> channels.Kept:
    """The channels to keep, by their place among those left, so that `share` of all multiplications is left.

    `widths` are those of the whole network. Block by block, those go that are worth least for what they cost; a set
    keeps one block at least.
    """
    known = list(met)
    stay = {name: np.arange(len(values)) for name, values in worth.items()}
    now = {name: len(values) for name, values in worth.items()}
    most = share * channels.products(known, dict(widths))
    while (cost := channels.products(known, now)) > most:
        offers = []
        for name, places in stay.items():
            if len(places) < 2 * BLOCK:
                continue
            least = places[np.argsort(worth[name][places], kind="stable")[:BLOCK]]
            saved = cost - channels.products(known, now | {name: len(places) - BLOCK})
            offers.append((float(worth[name][least].sum()) / saved, name, least))
        if not offers:
            break
        _, name, least = min(offers, key=lambda offer: offer[:2])
        stay[name] = np.setdiff1d(stay[name], least)
        now[name] -= BLOCK
    return stay
