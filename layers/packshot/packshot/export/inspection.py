"""What a written file is: its container, profile, metadata and picture, read back from the bytes alone."""

from __future__ import annotations

import functools
import io
import struct
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageCms

from packshot.export import iptc, xmp

U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

PIXELS_MOST = 120_000_000  # read from the header before anything is decoded
_FORMATS = {"MPO": "jpeg", "JPEG": "jpeg", "HEIF": "heic"}
# Only what packshot knows: PostScript, Flash and other rare decoders are never let near a stranger's file.
_DECODERS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
_IJG_LUMA = (
    "16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56 14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92 49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"
)


class Unreadable(ValueError):
    """The bytes are no picture that can be opened."""


@dataclass(frozen=True)
class Written:
    """A file read back. ``rgb``: uint8 HxWx3 as stored; ``alpha``: uint8 HxW or None; sizes in px."""

    size: int
    format: str
    mode: str
    bits: int
    frames: int
    rgb: U8
    alpha: U8 | None
    icc: bytes
    exif: dict[str, Any]
    gps: bool
    xmp: dict[str, list[str]]
    xmp_fault: str
    iptc: dict[str, list[str]]
    quality: int | None
    lossless: bool

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])

    @property
    def profile(self) -> str:
        """The ICC profile's description, ``none`` without one, ``broken`` when it cannot be read."""
        return _profile_name(self.icc)


@functools.lru_cache(maxsize=16)
def _profile_name(icc: bytes) -> str:
    if not icc:
        return "none"
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(icc))).strip() or "unnamed"
    except (ImageCms.PyCMSError, OSError):
        return "broken"


@functools.lru_cache(maxsize=16)
def is_srgb(icc: bytes) -> bool:
    """True when the profile maps test colours as sRGB does, whatever it is called (within 2 of 255)."""
    if not icc:
        return False
    patches = np.array([[[r, g, b] for r in (0, 96, 200, 255) for g in (0, 128, 255) for b in (0, 64, 255)]], np.uint8)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        target = ImageCms.createProfile("sRGB")
        mapped = ImageCms.profileToProfile(Image.fromarray(patches), source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return False
    return mapped is not None and int(np.abs(np.asarray(mapped, np.int16) - patches).max()) <= 2


def jpeg_quality(image: Image.Image) -> int | None:
    """The IJG quality whose luminance table is nearest in sum to the file's; None when it is no JPEG."""
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    base = np.array(_IJG_LUMA.split(), np.int64)
    sums = []
    for quality in range(1, 101):
        scale = 5000 // quality if quality < 50 else 200 - 2 * quality
        sums.append(int(np.clip((base * scale + 50) // 100, 1, 255).sum()))
    return int(np.argmin(np.abs(np.array(sums) - sum(tables[0])))) + 1


def _bits(image: Image.Image, data: bytes) -> int:
    """Bits per channel; Pillow hides that a PNG had sixteen."""
    if image.format == "PNG" and len(data) > 24:
        return data[24]
    if image.mode.startswith("I"):
        return 16
    return {"1": 1, "F": 32}.get(image.mode, 8)


def _lossless(image: Image.Image, data: bytes) -> bool:
    return image.format in ("PNG", "BMP", "GIF", "TIFF") or (image.format == "WEBP" and b"VP8L" in data[:64])


def read(data: bytes, seen: U8 | None = None) -> Written:
    """Read a file back.

    Args:
        data: the file.
        seen: the pixels (uint8 HxWx3 or HxWx4) that this very picture was decoded to before, so that it is decoded
            once; its container, profile and metadata are read from ``data`` all the same.

    Raises:
        Unreadable: no picture, too many pixels, truncated, or of another size than ``seen``.
    """
    Image.init()  # registers all formats; the list below picks from them
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS) as image:
            if image.width * image.height > PIXELS_MOST:
                raise Unreadable(f"claims {image.width} x {image.height} px")
            frames, quality = int(getattr(image, "n_frames", 1)), jpeg_quality(image)
            if seen is None:
                image.load()
            elif seen.shape[:2] != (image.height, image.width):
                raise Unreadable(f"{image.width} x {image.height} px, decoded before as {seen.shape[:2]}")
            mode, icc = image.mode, image.info.get("icc_profile") or b""
            exif, packet = (
                image.getexif(),
                image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b"",
            )
            clear = "A" in image.getbands() or "transparency" in image.info
            pixels = np.asarray(image.convert("RGBA" if clear else "RGB")) if seen is None else seen
            tags, gps = _tags(exif), bool(exif.get_ifd(ExifTags.IFD.GPSInfo))
            kind = _FORMATS.get(image.format or "", (image.format or "").lower())
            bits, lossless = _bits(image, data), _lossless(image, data)
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable(str(error) or type(error).__name__) from error
    fault, properties = "", {}
    try:
        properties = xmp.read(packet) if packet else {}
    except xmp.XmpError as error:
        fault = str(error)
    return Written(
        size=len(data),
        format=kind,
        mode=mode,
        bits=bits,
        frames=1 if kind == "jpeg" else frames,
        rgb=np.ascontiguousarray(pixels[..., :3]),
        alpha=np.ascontiguousarray(pixels[..., 3]) if clear else None,
        icc=icc,
        exif=tags,
        gps=gps or any("GPS" in name for name in properties),
        xmp=properties,
        xmp_fault=fault,
        iptc=iptc.read(data) if kind == "jpeg" else {},
        quality=quality,
        lossless=lossless,
    )


def _tags(exif: Image.Exif) -> dict[str, Any]:
    both = {**dict(exif), **dict(exif.get_ifd(ExifTags.IFD.Exif))}
    return {ExifTags.TAGS.get(number, str(number)): value for number, value in both.items()}


@dataclass(frozen=True)
class Picture:
    """Where product, shadow and background lie in a file, and what lies where nothing should.

    ``estimated``: found from the background's colour, for want of a matte. ``even``: the background is one colour,
    so that product and background can be told apart at all. ``white``: share of background pixels at 255 in all
    channels (transparent ones count apart in ``clear``), ``worst`` the darkest. ``islands``: boxes (left, top,
    width, height) of what lies apart from product and shadow, ``marks`` those of them that stand out clearly.
    ``at_frame``: pixels of the outermost ring that are not background. ``fill``: 0..1, None where unknown.
    """

    estimated: bool
    even: bool
    background: tuple[int, int, int]
    white: float
    clear: float
    worst: int
    islands: list[tuple[int, int, int, int]]
    marks: list[tuple[int, int, int, int]]
    at_frame: int
    border_sides: int
    fill: float | None


def guard(written: Written) -> int:
    """Pixels around product and shadow in which the coder may ring: its largest block, doubled by 4:2:0."""
    return 2 if written.lossless else {"jpeg": 17, "webp": 20, "avif": 68}.get(written.format, 17)


def _largest(rgb: U8) -> U8:
    """The largest of three channels, uint8 HxW; numpy's own reduction over a short axis is thirty times slower."""
    r, g, b = cv2.split(rgb)
    return np.asarray(cv2.max(cv2.max(r, g), b), np.uint8)


def _smallest(rgb: U8) -> U8:
    """The smallest of three channels, uint8 HxW."""
    r, g, b = cv2.split(rgb)
    return np.asarray(cv2.min(cv2.min(r, g), b), np.uint8)


def _ring(rgb: U8, depth: int = 1) -> U8:
    edges = (rgb[:depth], rgb[-depth:], rgb[depth:-depth, :depth], rgb[depth:-depth, -depth:])
    return np.concatenate([edge.reshape(-1, 3) for edge in edges])


def _components(mask: Mask) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.asarray(labels, np.int32), np.asarray(stats, np.int32)


def _boxes(mask: Mask, least_area: int) -> list[tuple[int, int, int, int]]:
    if not mask.any():
        return []
    _, stats = _components(mask)
    return [(int(x), int(y), int(w), int(h)) for x, y, w, h, area in stats[1:] if area >= least_area]


def _border_sides(rgb: U8) -> int:
    """Sides with an even line or band along the frame that differs from what lies just inside it."""
    sides, found = (rgb, rgb[::-1], rgb.swapaxes(0, 1), rgb.swapaxes(0, 1)[::-1]), 0
    for side in sides:
        deep = max(4, side.shape[0] // 30)
        strip = side[: deep + 1, deep : -deep : max(1, side.shape[1] // 256)].astype(np.int16)
        if strip.shape[1] < 8:
            continue
        inner = np.median(strip[deep], axis=0)
        rows = np.median(strip[:deep], axis=1)
        level = np.abs(strip[:deep] - rows[:, None]).max(axis=2) <= 12
        drawn = (np.abs(rows - inner).max(axis=1) > 16) & (level.mean(axis=1) >= 0.95)
        found += bool(drawn.any())
    return found


def look(written: Written, product: U8 | None = None, shadow: U8 | None = None) -> Picture:
    """Find background, product and residue.

    Args:
        written: the file.
        product: uint8 HxW alpha of the product in this very file, or None: then it is estimated.
        shadow: uint8 HxW density, with ``product``.

    Raises:
        ValueError: the alpha has another size than the file.
    """
    rgb = written.rgb
    if product is not None and product.shape != rgb.shape[:2]:
        raise ValueError(f"alpha is {product.shape}, the file {rgb.shape[:2]}")
    visible = _on_white(written)
    ring = _ring(visible, 2)
    tone = np.median(ring, axis=0)
    level = np.asarray([*tone.astype(np.uint8), 0], np.float64)  # OpenCV's form of a scalar
    away = _largest(np.asarray(cv2.absdiff(visible, level), np.uint8))
    even = product is not None or float((np.abs(ring - tone).max(axis=1) <= 10).mean()) >= 0.6
    if product is not None:
        content: Mask = (product > 0) | (shadow > 0) if shadow is not None else product > 0
        box = _box_of(product >= 13)
    else:
        content = _main_parts(away, even)
        box = _box_of(_solid(visible, away) & content) if even else None
    near = cv2.dilate(content.astype(np.uint8), np.ones((2 * guard(written) + 1,) * 2, np.uint8)) > 0
    outside = ~near if even else np.zeros(near.shape, np.bool_)
    total = max(1, int(outside.sum()))
    pure = _smallest(visible)[outside]
    clear = 0 if written.alpha is None else int((written.alpha[outside] == 0).sum())
    fill = None if box is None else max((box[2] - box[0]) / written.width, (box[3] - box[1]) / written.height)
    return Picture(
        estimated=product is None,
        even=even,
        background=(int(tone[0]), int(tone[1]), int(tone[2])),
        white=float((pure == 255).sum()) / total if even else 0.0,
        clear=clear / total,
        worst=int(pure.min()) if pure.size else 255,
        islands=_boxes(outside & (away > 3), 2),
        marks=_boxes(outside & (away > 40), 4),
        at_frame=int((np.abs(_ring(visible).astype(np.int16) - tone).max(axis=1) > 2).sum()) if even else 0,
        border_sides=_border_sides(visible),
        fill=fill,
    )


def _on_white(written: Written) -> U8:
    """The picture as a page shows it: transparent parts on white."""
    if written.alpha is None:
        return written.rgb
    a = written.alpha[..., None].astype(np.float32) / 255
    return np.asarray(written.rgb * a + 255 * (1 - a) + 0.5, np.uint8)


def _box_of(mask: Mask) -> tuple[int, int, int, int] | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _main_parts(away: U8, even: bool) -> Mask:
    """The parts that make up product and shadow: the largest, and all of at least a thirtieth of its weight.

    Weighed by clearly visible pixels, so that a line of text does not pass for a part. A part reaches as far as its
    shadow's last grey level.
    """
    if not even:
        return np.ones(away.shape, np.bool_)
    closed = cv2.morphologyEx((away > 0).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    labels, stats = _components(np.asarray(closed > 0))
    weights = np.bincount(labels[away > 24], minlength=len(stats))
    weights[0] = 0
    return np.asarray((weights >= max(1, weights.max() // 30))[labels])


def _solid(rgb: U8, away: U8) -> Mask:
    """Pixels that are product and not soft shadow: far from the background and coloured, dark or on an
    edge.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    steep = np.abs(cv2.Laplacian(grey, cv2.CV_16S, ksize=3)) > 24
    span = cv2.subtract(_largest(rgb), _smallest(rgb))
    return np.asarray((away > 16) & (steep | (span > 24) | (grey < 110)))


def text_lines(islands: list[tuple[int, int, int, int]], height: int) -> int:
    """Groups of four or more islands that stand like letters: alike in height, on one line, close
    together.
    """
    letters = sorted(b for b in islands if 0.006 * height <= b[3] <= 0.12 * height and b[2] <= 3 * b[3])
    lines = 0
    while letters:
        line = [letters.pop(0)]
        rest: list[tuple[int, int, int, int]] = []
        for box in letters:
            last = line[-1]
            level = abs((box[1] + box[3]) - (last[1] + last[3])) <= 0.5 * max(box[3], last[3])
            alike = 0.45 <= box[3] / last[3] <= 2.2
            close = box[0] - (last[0] + last[2]) <= 2.5 * max(box[3], last[3])
            (line if level and alike and close else rest).append(box)
        letters = rest
        lines += len(line) >= 4
    return lines
