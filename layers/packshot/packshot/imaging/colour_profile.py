"""ICC profiles: what a photo's numbers mean, turned into sRGB."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any

from PIL import Image, ImageCms

MOST_BYTES = 4_000_000  # the largest press profiles in use are under 3 MB
_SPACES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_D50 = (0.9642, 1.0, 0.8249)


class Unconvertible(Exception):
    """The profile cannot be used; ``measured`` and ``required`` say why."""

    def __init__(self, measured: str, required: str) -> None:
        super().__init__(measured)
        self.measured, self.required = measured, required


@cache
def srgb() -> Any:
    """The sRGB profile that everything is converted to."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def matrix_profile(colorants: tuple[tuple[float, float, float], ...], curve: Sequence[float], name: str) -> bytes:
    """A matrix/TRC ICC profile (version 2.1) as bytes.

    ``curve``: one number is a gamma, more are the curve's values (0..1) at equal steps.
    ``colorants``: the XYZ of red, green and blue, adapted to D50. Source: ICC.1:2001-04, clauses 6.3, 6.5.
    """

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(x * 65536)) for x in numbers)

    text = name.encode("ascii")
    steps = [round(curve[0] * 256)] if len(curve) == 1 else [round(y * 65535) for y in curve]
    tone = b"curv" + bytes(4) + struct.pack(f">I{len(steps)}H", len(steps), *steps)
    tags = [
        (b"desc", b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + bytes(1 + 8 + 3 + 67)),
        (b"cprt", b"text" + bytes(4) + b"No copyright\0"),
        (b"wtpt", b"XYZ " + bytes(4) + fixed(*_D50)),
        *(
            (tag, b"XYZ " + bytes(4) + fixed(*xyz))
            for tag, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)
        ),
        *((tag, tone) for tag in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags:
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(*_D50)
    return head.ljust(128, b"\0") + table + body


@cache
def adobe_rgb() -> bytes:
    """A profile of the Adobe RGB (1998) space, for photos that name it in EXIF and embed nothing.

    Colorants: Adobe RGB (1998) Color Image Encoding, 2005-05, Annex A (D50-adapted).
    """
    colorants = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
    return matrix_profile(colorants, [563 / 256], "Compatible with Adobe RGB (1998)")


class ToSrgb:
    """Turns strips of one photo into 8-bit sRGB.

    ``mode`` is the strip's Pillow mode: ``L``, ``RGB`` or ``CMYK``; ``icc`` the embedded profile, if any.
    Raises Unconvertible when the profile is unreadable, belongs to another kind of image, or is missing
    where the numbers mean nothing without it (CMYK).
    """

    def __init__(self, mode: str, icc: bytes | None) -> None:
        self.mode, self._transform = mode, None
        if icc is None:
            if mode == "CMYK":
                raise Unconvertible("CMYK without a profile", "an embedded ICC profile, or sRGB")
            return
        if len(icc) > MOST_BYTES:
            raise Unconvertible(f"a colour profile of {len(icc):,} bytes", f"at most {MOST_BYTES:,} bytes")
        try:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
            space = _SPACES.get(profile.profile.xcolor_space.strip(), "")
        except (OSError, ImageCms.PyCMSError, ValueError, TypeError) as error:
            raise Unconvertible(f"an unreadable colour profile ({error})", "a valid ICC profile") from error
        if space == "RGB" and mode == "L":
            self.mode = "RGB"  # grey saved with the working space's profile: equal channels mean the same
        elif space != mode:
            raise Unconvertible(f"a {profile.profile.xcolor_space.strip()} profile in a {mode} image", "one that fits")
        try:
            self._transform = ImageCms.buildTransform(
                profile,
                srgb(),
                self.mode,
                "RGB",
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
            )
        except (ImageCms.PyCMSError, ValueError) as error:
            raise Unconvertible(f"a colour profile that does not convert ({error})", "a valid profile") from error

    def __call__(self, strip: Image.Image) -> Image.Image:
        """The strip as mode ``RGB``, 8-bit sRGB."""
        if self._transform is None:
            return strip if strip.mode == "RGB" else strip.convert("RGB")
        if strip.mode != self.mode:
            strip = strip.convert(self.mode)
        converted = ImageCms.applyTransform(strip, self._transform)
        if converted is None:
            raise AssertionError("applyTransform without inPlace returns an image")
        return converted
