"""One photo to all its channels: render, write, read back, judge; what breaks a must-rule is held, not
exported.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from packshot.export import channels as channel_files
from packshot.export import colours, compliance, encode, layout, metadata, names, render
from packshot.export.channels import ChannelRules, Kind, Level
from packshot.export.compliance import Facts, RuleResult
from packshot.export.exported import Exported, ExportMeta
from packshot.export.words import Catalogue, Provider, Subject, Words
from packshot.export.workbench import Workbench
from packshot.reasons import reason
from packshot.records import Reason

U8 = npt.NDArray[np.uint8]
CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
_PICTURE_SIDE = 768  # what a describing model gets to see
MANIFEST_ROOM = 40_000  # bytes left under a channel's limit when the file will be signed


def export_photo(
    master: U8,
    shadow: U8 | None,
    meta: ExportMeta,
    channels: Sequence[str],
    on: dt.date,
    locale: str = "en",
    *,
    rules: dict[str, ChannelRules] | None = None,
    provider: Provider | None = None,
    sign: Callable[[bytes, str, Exported], bytes] | None = None,
) -> list[Exported]:
    """Files for all channels from one master.

    Args:
        master: uint8 HxWx4 sRGB, straight alpha.
        shadow: uint8 HxW density (0 none, 255 black), the master's size, or None.
        meta: the photo's facts.
        channels: names of channels, in the order of the results.
        on: the date whose rules count.
        locale: language of the words.
        rules: channels by name; the installed ones by default.
        provider: who finds the words; the catalogue by default.
        sign: adds a C2PA manifest: (file, content type, what was exported) -> file (see ``provenance``).

    Returns:
        One result per channel; ``held`` is set where a must-rule breaks, and such a file may not go out.

    Raises:
        KeyError: a channel that there is not.
        ValueError: arrays of the wrong shape or type, or no words for the locale.
    """
    _expect(master, shadow)
    known = channel_files.load() if rules is None else rules
    missing = [name for name in channels if name not in known]
    if missing:
        raise KeyError(f"no channel {', '.join(missing)}; there are {', '.join(known)}")
    words = _words(master, meta, locale, provider or Catalogue())
    kind = metadata.source_kind(meta.source_metadata, meta.altered, meta.synthetic_background, meta.model_generated)
    try:
        studio = render.Studio(master, shadow)
    except layout.NoProduct:
        return [_nothing(known[name], meta, words, kind) for name in channels]
    blocks = metadata.Blocks(meta.catalog, words, meta.source_metadata, kind)
    bench = Workbench(studio, blocks, encode.Encoder(blocks.embedded), MANIFEST_ROOM if sign else 0)
    done = [_one(bench, known[name], meta, words, on) for name in channels]
    return done if sign is None else [_signed(one, sign, known[one.channel], on) for one in done]


def _expect(master: U8, shadow: U8 | None) -> None:
    if master.dtype != np.uint8 or master.ndim != 3 or master.shape[2] != 4:
        raise ValueError(f"master must be uint8 HxWx4, is {master.dtype} {master.shape}")
    if shadow is not None and (shadow.dtype != np.uint8 or shadow.shape != master.shape[:2]):
        raise ValueError(f"shadow must be uint8 {master.shape[:2]}, is {shadow.dtype} {shadow.shape}")


def _words(master: U8, meta: ExportMeta, locale: str, provider: Provider) -> Words:
    measured = [meta.colour_name] if meta.colour_name else ([] if meta.catalog.colour else colours.name(master))
    subject = Subject(
        entry=meta.catalog,
        view=meta.view,
        n=meta.n,
        measured_colours=measured,
        given_alt_text=metadata.Incoming(meta.source_metadata).alt_text,
    )
    return provider.describe(subject, locale, None if isinstance(provider, Catalogue) else picture(master))


def picture(master: U8) -> bytes:
    """A JPEG of at most 768 px on white, for a model that describes it."""
    scale = min(1.0, _PICTURE_SIDE / max(master.shape[:2]))
    size = (max(1, round(master.shape[1] * scale)), max(1, round(master.shape[0] * scale)))
    small = np.asarray(cv2.resize(master, size, interpolation=cv2.INTER_AREA)).astype(np.float32)
    a = small[..., 3:] / 255
    out = io.BytesIO()
    Image.fromarray((small[..., :3] * a + 255 * (1 - a) + 0.5).astype(np.uint8)).save(out, "JPEG", quality=85)
    return out.getvalue()


def _one(bench: Workbench, channel: ChannelRules, meta: ExportMeta, words: Words, on: dt.date) -> Exported:
    main = names.is_main(channel.name, meta.view, meta.n)
    facts = Facts(
        main=main,
        segment=meta.segment or None,
        category=meta.catalog.category,
        altered=meta.altered,
        synthetic_background=meta.synthetic_background,
        model_generated=meta.model_generated,
        alt_text=words.alt_text,
    )
    try:
        stem, unsafe = names.file_stem(channel, meta.catalog, meta.sku, meta.view, meta.n), ""
    except names.UnsafeName as error:
        stem, unsafe = "", str(error)
    made = bench.best(channel, channel.least(on, facts.segment, main), channel.limit(Kind.BYTES_MAX, on))
    name = f"{stem}.{names.EXTENSIONS[made.encoded.format]}" if stem else ""
    encoded, size = made.encoded, (made.subject.written.width, made.subject.written.height)
    known = Facts(**{**facts.__dict__, "scale": made.rendering.scale})
    results = compliance.judge(made.subject.named(name, known), channel, on)
    results += _fidelity(encoded, channel, made.encoded.fits)
    return Exported(
        channel=channel.channel,
        name=name,
        data=encoded.data,
        content_type=CONTENT_TYPES[encoded.format],
        width=size[0],
        height=size[1],
        bytes=len(encoded.data),
        ssim=encoded.ssim,
        delta_e=encoded.delta_e,
        rules=results,
        held=_no_name(channel, unsafe) if unsafe else held(channel, results),
        words=words,
        source_type=bench.blocks.source_type,
        sha256=hashlib.sha256(encoded.data).hexdigest(),
        quality=made.subject.written.quality or encoded.setting.quality,
        setting=str(encoded.setting),
        scale=made.rendering.scale,
        encodes=encoded.encodes,
        main=main,
    )


def _fidelity(encoded: encode.Encoded, channel: ChannelRules, fits: bool) -> list[RuleResult]:
    """The encoder's own promises as rules, so that a file that lost too much is held like any other."""
    floor = channel.encode.ssim_floor_at_limit if encoded.bound else channel.encode.ssim_floor
    said = "packshot's own choice, encode in the channel's file"
    fix = "raise quality_max, or the byte limit binds: lower the canvas size" if fits else "lower the canvas size"
    pairs = (
        ("ssim", f"{encoded.ssim:.4f}", f"at least {floor:g}", encoded.ssim >= floor),
        ("delta_e", f"{encoded.delta_e:.3f}", f"at most {channel.encode.delta_e_max:g}",
         encoded.delta_e <= channel.encode.delta_e_max),
    )  # fmt: skip
    return [
        RuleResult(
            rule=rule,
            level=Level.MUST,
            measured=measured,
            required=required,
            passed=passed,
            fix="" if passed else fix,
            source=said,
            confidence="general",
        )
        for rule, measured, required, passed in pairs
    ]


def held(channel: ChannelRules, results: list[RuleResult]) -> Reason | None:
    """The reason why a file may not go out, or None."""
    broken = compliance.breaches(results)
    if not broken:
        return None
    return reason(
        "CHANNEL_RULE",
        detail=f"{channel.title} would refuse it: {', '.join(b.rule for b in broken)}.",
        measured="; ".join(f"{b.rule}: {b.measured}" for b in broken),
        required="; ".join(f"{b.rule}: {b.required}" for b in broken),
        cure="; ".join(dict.fromkeys(b.fix for b in broken)),
    )


def _no_name(channel: ChannelRules, why: str) -> Reason:
    return reason(
        "CHANNEL_RULE",
        detail=f"{channel.title}: no file name can be made.",
        measured=why,
        required=f"a SKU with characters out of [{channel.name.safe}]",
        cure="Give the product a SKU in letters and digits, or a GTIN.",
    )


def _nothing(channel: ChannelRules, meta: ExportMeta, words: Words, kind: str) -> Exported:
    why = reason("NO_PRODUCT", measured="alpha below 5 % everywhere", required="a product in the master")
    main = names.is_main(channel.name, meta.view, meta.n)
    kind_of = CONTENT_TYPES[channel.encode.format]
    empty = hashlib.sha256(b"").hexdigest()
    return Exported(channel.channel, "", b"", kind_of, 0, 0, 0, 0.0, 0.0, [], why, words, kind, empty, main=main)


def _signed(
    one: Exported, sign: Callable[[bytes, str, Exported], bytes], channel: ChannelRules, on: dt.date
) -> Exported:
    """The export with its manifest inside, weighed again; a held file is not signed."""
    if one.held:
        return one
    data = sign(one.data, one.content_type, one)
    facts = Facts(main=one.main)
    weighed = {r.rule: r for r in compliance.weigh(len(data), channel, facts, on)}
    results = [weighed.get(result.rule, result) for result in one.rules]
    return replace(
        one,
        data=data,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        rules=results,
        held=held(channel, results),
    )
