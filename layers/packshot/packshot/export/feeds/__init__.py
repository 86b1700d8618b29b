"""Feeds: what a shop imports beside the images. ``build`` gives the files of a channel's feed.

Amazon's feed is the image ZIP itself; it is made of files and streamed: ``amazon.write_zip``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from packshot.export.channels import ChannelRules
from packshot.export.feeds import amazon, google, meta, shopify, woocommerce
from packshot.export.feeds.rows import FeedImage, FeedRow, Shown, Table, neutral, rows_of

__all__ = ["FeedImage", "FeedRow", "Shown", "Table", "amazon", "build", "neutral", "rows_of"]

_BUILDERS: dict[str, Callable[[Iterable[FeedRow]], Table]] = {
    "shopify": shopify.build,
    "google": google.build,
    "woocommerce": woocommerce.build,
    "meta": meta.build,
}


def build(channel: ChannelRules, rows: Iterable[FeedRow]) -> Table | None:
    """The feed of a channel, made row by row as it is written; None for channels without a table.

    Products without an image are left out: every feed demands one.
    """
    builder = _BUILDERS.get(channel.feed)
    return builder(row for row in rows if row.images) if builder else None
