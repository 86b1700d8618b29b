"""Where one photo's files are made: channels share renderings by layout, and files by what went into them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from packshot.export import compliance, encode, inspection, iptc, metadata, render
from packshot.export.channels import ChannelRules
from packshot.export.specs import RenderSpec

_SHRINKS = 4  # tries on smaller canvases before a byte limit is declared out of reach


@dataclass(frozen=True)
class Made:
    """One file, read back, and the rendering that it shows."""

    encoded: encode.Encoded
    subject: compliance.Subject
    rendering: render.Rendering


@dataclass
class Workbench:
    """What several channels of one photo share: renderings by layout, files by what went into them."""

    studio: render.Studio
    blocks: metadata.Blocks
    encoder: encode.Encoder
    spare: int = 0
    files: dict[Hashable, tuple[encode.Encoded, compliance.Subject]] = field(default_factory=dict)

    def best(self, channel: ChannelRules, least: tuple[int, int], limit: int | None) -> Made:
        """The channel's file; where the byte limit costs too much quality, on a smaller canvas down to the least.

        Args:
            channel: whose layout and encoding.
            least: the smallest canvas (width, height) that the channel takes, px.
            limit: the most bytes that it takes, or None.
        """
        spec, made = channel.render, self._file(channel, channel.render, least, limit)
        for _ in range(_SHRINKS):
            if made.encoded.kept or not made.encoded.bound or spec.whole:
                break
            width, height = round(made.rendering.width * 0.8), round(made.rendering.height * 0.8)
            if width < max(least[0], 50) or height < max(least[1], 50):
                break
            spec = spec.model_copy(update={"width": width, "height": height})
            made = self._file(channel, spec, least, limit)
        return made

    def _file(self, channel: ChannelRules, spec: RenderSpec, least: tuple[int, int], limit: int | None) -> Made:
        key, rendering = self.studio.render(spec, least)
        whole = (key, channel.encode)
        if whole not in self.files or not _under(self.files[whole][0], limit):
            self.files[whole] = self._written(channel, rendering, limit)
        encoded, subject = self.files[whole]
        return Made(encoded, subject, rendering)

    def _written(
        self, channel: ChannelRules, rendering: render.Rendering, limit: int | None
    ) -> tuple[encode.Encoded, compliance.Subject]:
        app13 = self.blocks.app13
        room = None if limit is None else limit - len(app13) - self.spare
        encoded = self.encoder.encode(rendering, channel.encode, room)
        if encoded.format == "jpeg":
            encoded = replace(encoded, data=iptc.splice(encoded.data, app13))
        written = inspection.read(encoded.data, encoded.seen)
        return replace(encoded, seen=None), compliance.Subject(
            written, "", compliance.Facts(), rendering.alpha, rendering.shadow
        )


def _under(encoded: encode.Encoded, limit: int | None) -> bool:
    return limit is None or len(encoded.data) <= limit
