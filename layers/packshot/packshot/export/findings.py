"""What each kind of rule finds in one file: a small function per kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from packshot.export import inspection, names, source_type
from packshot.export import picture as pictures
from packshot.export.channels import Kind, Rule
from packshot.export.inspection import U8, Written
from packshot.export.picture import Picture


@dataclass(frozen=True)
class Facts:
    """What is known of a photo beyond its file; None or empty = unknown, and the rules that need it are left
    out.
    """

    main: bool = True
    segment: str | None = None
    category: str = ""
    altered: bool | None = None
    synthetic_background: bool | None = None
    model_generated: bool | None = None
    scale: float | None = None
    alt_text: str | None = None


class Subject:
    """One file under judgement; its picture is looked at when the first rule asks for it."""

    def __init__(
        self,
        written: Written,
        name: str,
        facts: Facts,
        product: U8 | None = None,
        shadow: U8 | None = None,
    ) -> None:
        """Take a file read back; ``product`` and ``shadow`` as for ``picture.look``."""
        self.written, self.name, self.facts = written, name, facts
        self._product, self._shadow = product, shadow
        self._looked: list[Picture] = []

    @property
    def picture(self) -> Picture:
        """Where product, shadow and background lie."""
        if not self._looked:
            self._looked.append(pictures.look(self.written, self._product, self._shadow))
        return self._looked[0]

    def named(self, name: str, facts: Facts) -> Subject:
        """The same file under another name, with other facts; what was seen in it is shared."""
        other = Subject(self.written, name, facts, self._product, self._shadow)
        other._looked = self._looked
        return other


Finding = tuple[str, str, bool, str]  # measured, required, passed, fix
Check = Callable[[Subject, Rule], Finding | None]


def _said(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def _at_least(value: float, rule: Rule, unit: str, fix: str) -> Finding:
    return f"{_said(value)} {unit}", f"at least {_said(rule.value)} {unit}", value >= rule.value, fix


def _at_most(value: float, rule: Rule, unit: str, fix: str) -> Finding:
    return f"{_said(value)} {unit}", f"at most {_said(rule.value)} {unit}", value <= rule.value, fix


def bytes_finding(size: int, rule: Rule) -> Finding:
    """A file's size against a rule."""
    return _at_most(size, rule, "bytes", "encode with a lower quality or smaller")


_LARGER = "take the photo with more pixels; enlarging adds none"
_SMALLER = "export at a smaller size"


def _format(s: Subject, rule: Rule) -> Finding:
    extension = s.name.rpartition(".")[2].lower()
    fits = {"jpg": "jpeg", "tif": "tiff", "heif": "heic"}.get(extension, extension) == s.written.format
    passed = s.written.format in rule.value and fits
    fix = (
        f"write it as {rule.value[0]}" if s.written.format not in rule.value else "give it the extension of its content"
    )
    return f"{s.written.format} in {s.name!r}", ", ".join(rule.value), passed, fix


def _ratio(s: Subject, rule: Rule) -> Finding:
    wanted, found = rule.value[0] / rule.value[1], s.written.width / s.written.height
    said = f"{s.written.width} x {s.written.height} ({found:.4f})"
    return (
        said,
        f"{rule.value[0]:g}:{rule.value[1]:g} ({wanted:.4f})",
        abs(found / wanted - 1) <= 0.01,
        "crop or pad the canvas",
    )


def _colour_mode(s: Subject, _: Rule) -> Finding:
    passed = s.written.mode in ("RGB", "RGBA") and s.written.bits == 8
    return (
        f"{s.written.mode}, {s.written.bits} bit",
        "RGB, 8 bit",
        passed,
        "convert to 8-bit sRGB through the profile",
    )


def _icc(s: Subject, _: Rule) -> Finding:
    fix = "convert the pixels to sRGB through the profile, then embed sRGB"
    return s.written.profile, "an sRGB profile", inspection.is_srgb(s.written.icc), fix


def _opaque(s: Subject, _: Rule) -> Finding:
    least = 255 if s.written.alpha is None else int(s.written.alpha.min())
    return f"alpha from {least}", "alpha 255 everywhere", least == 255, "flatten it on the background"


def _jpeg_quality(s: Subject, rule: Rule) -> Finding | None:
    if s.written.quality is None:
        return None
    return _at_least(s.written.quality, rule, "(IJG scale, estimated)", "encode from the master with a higher quality")


def _background(s: Subject, rule: Rule) -> Finding:
    p = s.picture
    required = "255, 255, 255 everywhere outside product and shadow"
    fix = "cut the product out and put it on pure white"
    if not p.even:
        return "no even background", required, False, fix
    if rule.value == "white_or_transparent" and p.clear == 1.0:
        return "transparent", required + ", or transparent", True, ""
    said = f"{100 * p.white:.3f} % pure, darkest {p.worst}, at the frame {p.background}"
    opaque = rule.value == "white_or_transparent" or p.clear == 0.0
    return said, required, p.white == 1.0 and p.background == (255, 255, 255) and opaque, fix


def _clean(s: Subject, _: Rule) -> Finding | None:
    if not s.picture.even:
        return None
    return _spots(s, "erase what lies beside the product")


def _spots(s: Subject, fix: str) -> Finding:
    count = len(s.picture.islands)
    where = f", first at {s.picture.islands[0][:2]}" if count else ""
    return f"{count} spots{where}", "nothing outside product and shadow", count == 0, fix


def _inside(s: Subject, _: Rule) -> Finding | None:
    if not s.picture.even:
        return None
    n = s.picture.at_frame
    return (
        f"{n} px at the frame",
        "neither shadow nor product at the frame",
        n == 0,
        "leave a margin; let the shadow end before it",
    )


def _fill(compare: Callable[[float, Rule], bool], word: str, fix: str) -> Check:
    def check(s: Subject, rule: Rule) -> Finding | None:
        if s.picture.fill is None:
            return None
        said = f"{s.picture.fill:.3f} of the frame" + (" (estimated)" if s.picture.estimated else "")
        return said, f"{word} {rule.value:g}", compare(s.picture.fill, rule), fix

    return check


def _border(s: Subject, _: Rule) -> Finding:
    n = s.picture.border_sides
    return f"a line along {n} sides", "no border", n < 2, "crop the border away"


def _text(s: Subject, _: Rule) -> Finding | None:
    if not s.picture.even:
        return None
    lines = pictures.text_lines(s.picture.marks, s.written.height)
    return (
        f"{lines} lines of text beside the product",
        "no text, logo or watermark",
        lines == 0,
        "remove the overlay",
    )


def _name_pattern(s: Subject, rule: Rule) -> Finding:
    required = rule.note or f"a name like {rule.value}"
    return s.name, required, re.fullmatch(rule.value, s.name) is not None, "rename it as the channel asks"


def _name_gtin(s: Subject, _: Rule) -> Finding:
    head = re.match(r"\d{14}(?!\d)", s.name)
    passed = head is not None and names.gtin14(head.group()) != ""
    return s.name, "begins with a 14-digit GTIN", passed, "put the GTIN into the catalogue"


def _serial(s: Subject, _: Rule) -> Finding:
    tags = [tag for tag in (*s.written.exif, *s.written.xmp) if re.search("serial|ownername", tag, re.I)]
    return ", ".join(tags) or "none", "no serial numbers", not tags, "strip them from the metadata"


def _source_type(s: Subject, _: Rule) -> Finding:
    term = source_type.term(next(iter(s.written.xmp.get("Iptc4xmpExt:DigitalSourceType", [])), ""))
    fix = "write Iptc4xmpExt:DigitalSourceType into the XMP"
    if s.facts.model_generated:
        passed, required = term in source_type.DISCLOSES_MODEL, "a term that names the trained model"
    elif s.facts.altered or s.facts.synthetic_background:
        passed, required = term in source_type.DISCLOSES_MADE, "a term that says composite"
    else:
        passed, required = not s.written.xmp_fault, "present where pixels were made"
    return term or s.written.xmp_fault or "none", required, passed, fix


def _alt_text(s: Subject, rule: Rule) -> Finding:
    inside = next(iter(s.written.xmp.get("Iptc4xmpCore:AltTextAccessibility", [])), "")
    text = s.facts.alt_text if s.facts.alt_text is not None else inside
    return (
        f"{len(text)} characters",
        f"1 to {rule.value} characters",
        0 < len(text) <= rule.value,
        "write a short alt text",
    )


def _upscaled(s: Subject, _: Rule) -> Finding | None:
    if s.facts.scale is None:
        return None
    return f"x {s.facts.scale:.3f}", "not enlarged", s.facts.scale <= 1.0, _LARGER


def _real_first(s: Subject, _: Rule) -> Finding | None:
    if s.facts.synthetic_background is None:
        return None
    said = "mock-up" if s.facts.synthetic_background else "photo of the item"
    return (
        said,
        "a photo of the item itself",
        not s.facts.synthetic_background,
        "put the packshot first, the mock-up later",
    )


_CHILD_OR_ACCESSORY = re.compile(r"kid|child|baby|infant|toddler|boy|girl|accessor|kinder|jungen|mädchen|zubehör", re.I)


def _ghost(s: Subject, _: Rule) -> Finding | None:
    if s.facts.altered is None or s.facts.segment != "apparel":
        return None
    adult = s.facts.altered and not _CHILD_OR_ACCESSORY.search(s.facts.category)
    fix = "use a photo on a model as the main image, the ghost mannequin as a further one"
    return (
        "ghost mannequin" if s.facts.altered else "as worn or flat",
        "no ghost mannequin for adults",
        not adult,
        fix,
    )


CHECKS: dict[Kind, Check] = {
    Kind.FORMAT: _format,
    Kind.STILL: lambda s, _: (f"{s.written.frames} frames", "1 frame", s.written.frames == 1, "export one frame"),
    Kind.BYTES_MAX: lambda s, r: bytes_finding(s.written.size, r),
    Kind.LONG_SIDE_MIN: lambda s, r: _at_least(max(s.written.width, s.written.height), r, "px", _LARGER),
    Kind.SHORT_SIDE_MIN: lambda s, r: _at_least(min(s.written.width, s.written.height), r, "px", _LARGER),
    Kind.WIDTH_MIN: lambda s, r: _at_least(s.written.width, r, "px", _LARGER),
    Kind.HEIGHT_MIN: lambda s, r: _at_least(s.written.height, r, "px", _LARGER),
    Kind.LONG_SIDE_MAX: lambda s, r: _at_most(max(s.written.width, s.written.height), r, "px", _SMALLER),
    Kind.MEGAPIXELS_MAX: lambda s, r: _at_most(s.written.width * s.written.height / 1e6, r, "MP", _SMALLER),
    Kind.RATIO: _ratio,
    Kind.COLOUR_MODE: _colour_mode,
    Kind.ICC: _icc,
    Kind.OPAQUE: _opaque,
    Kind.LOSSLESS: lambda s, _: (
        "lossless" if s.written.lossless else "lossy", "lossless", s.written.lossless, "write it as PNG",
    ),
    Kind.UPRIGHT: lambda s, _: (
        f"orientation {s.written.exif.get('Orientation', 1)}", "1", s.written.exif.get("Orientation", 1) == 1,
        "turn the pixels and set the tag to 1",
    ),
    Kind.JPEG_QUALITY_MIN: _jpeg_quality,
    Kind.BACKGROUND: _background,
    Kind.CLEAN_OUTSIDE: _clean,
    Kind.INSIDE_FRAME: _inside,
    Kind.FILL_MIN: _fill(lambda fill, r: fill >= r.value - 0.0005, "at least", "crop closer to the product"),
    Kind.FILL_MAX: _fill(lambda fill, r: fill <= r.value + 0.0005, "at most", "leave more room around the product"),
    Kind.NO_BORDER: _border,
    Kind.NO_TEXT: _text,
    Kind.NAME_PATTERN: _name_pattern,
    Kind.NAME_LENGTH: lambda s, r: _at_most(len(s.name), r, "characters", "shorten the SKU or the view"),
    Kind.NAME_GTIN: _name_gtin,
    Kind.NO_GPS: lambda s, _: (
        "GPS" if s.written.gps else "none", "no place in the metadata", not s.written.gps, "strip the GPS block",
    ),
    Kind.NO_SERIAL: _serial,
    Kind.SOURCE_TYPE: _source_type,
    Kind.ALT_TEXT_MAX: _alt_text,
    Kind.NOT_UPSCALED: _upscaled,
    Kind.REAL_FIRST_IMAGE: _real_first,
    Kind.NO_GHOST_ADULT: _ghost,
}  # fmt: skip
