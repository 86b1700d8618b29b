"""Feeds: what a shop imports beside the images. ``build`` gives the files of a channel's feed.

Amazon's feed is the image ZIP itself; it is made of files and streamed: ``amazon.write_zip``.
"""

from __future__ import annotations

from collections.abc import Callable

from packshot.export.channels import ChannelRules
from packshot.export.feeds import amazon, google, meta, shopify, woocommerce
from packshot.export.feeds.rows import FeedImage, FeedRow, Shown, neutral, rows_of

__all__ = ["FeedImage", "FeedRow", "Shown", "amazon", "build", "neutral", "rows_of"]

_BUILDERS: dict[str, Callable[[list[FeedRow]], dict[str, bytes]]] = {
    "shopify": shopify.build,
    "google": google.build,
    "woocommerce": woocommerce.build,
    "meta": meta.build,
}


def build(channel: ChannelRules, rows: list[FeedRow]) -> dict[str, bytes]:
    """The feed files of a channel by name; empty for channels without a table and when there is no product.

    Products without an image are left out: every feed demands one.
    """
    shown = [row for row in rows if row.images]
    builder = _BUILDERS.get(channel.feed)
    return builder(shown) if builder and shown else {}
