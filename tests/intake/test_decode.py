"""Bytes to pixels: a malformed file gets its reason in bounded time and memory; colours come out right."""

from __future__ import annotations

import io
import os
import struct
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageFile, ImageOps
from skimage.color import deltaE_ciede2000, rgb2lab

from packshot.imaging import containers
from packshot.imaging.colour_profile import adobe_rgb, matrix_profile
from packshot.imaging.decode import Decoded, ImageRefused, Limits, decode, decode_preview

from . import hostile
from .conftest import encoded, product

P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
P3_TO_XYZ = np.array(
    [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869], [0.0, 0.0451134, 1.0439444]]
)
ADOBE_TO_XYZ = np.array(
    [[0.5767309, 0.1855540, 0.1881852], [0.2973769, 0.6273491, 0.0752741], [0.0270343, 0.0706872, 0.9911085]]
)


def srgb_curve(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def srgb_code(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(x <= 0.0031308, x * 12.92, 1.055 * np.clip(x, 0, None) ** (1 / 2.4) - 0.055)


def swatches() -> npt.NDArray[np.uint8]:
    """Colours well inside sRGB, 16 px each."""
    steps = np.array([30, 80, 130, 180, 220], np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(5, 25, 3)
    return np.kron(grid, np.ones((16, 16, 1), np.uint8)).astype(np.uint8)


def difference(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    return float(deltaE_ciede2000(rgb2lab(a), rgb2lab(b)).max())


@dataclass
class Cost:
    """What decoding came to in a process of its own."""

    told: str
    seconds: float
    megabytes: float


def apart(data: bytes, long_edge: int | None) -> Cost:
    """Decode in a forked child; its answer, its seconds and its peak memory over what it inherited."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            before = _resident_mb()
            start = time.process_time()
            try:
                decode_preview(data, long_edge) if long_edge else decode(data)
                told = "sound"
            except ImageRefused as refused:
                told = refused.reason.code
            answer = f"{told} {time.process_time() - start} {_peak_mb() - before}"
            os.write(write, answer.encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    assert answer, "the child died of this file"
    told, seconds, megabytes = answer.split()
    return Cost(told, float(seconds), float(megabytes))


def _proc(field: str) -> float:
    with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def _resident_mb() -> float:
    with open("/proc/self/clear_refs", "w", encoding="ascii") as reset:  # noqa: PTH123
        reset.write("5")  # forget the peak that was inherited
    return _proc("VmRSS:")


def _peak_mb() -> float:
    return _proc("VmHWM:")


@pytest.mark.parametrize(
    ("make", "code"), [pytest.param(make, code, id=name) for name, make, code in hostile.malformed()]
)
def test_a_malformed_file_gets_its_reason_cheaply(make: hostile.Maker, code: str) -> None:
    data = make()
    for long_edge in (1024, None):
        cost = apart(data, long_edge)
        assert cost.told == code
        assert cost.seconds < 2
        assert cost.megabytes < 400  # and the interpreter's own 80


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(make, id=name, marks=[pytest.mark.slow] if name.startswith("100") else [])
        for name, make in hostile.odd_but_sound()
    ],
)
def test_an_odd_but_sound_file_comes_in_cheaply(make: hostile.Maker) -> None:
    cost = apart(make(), 1024)
    assert cost.told == "sound"
    assert cost.seconds < 2
    assert cost.megabytes < 400


@pytest.mark.slow
def test_a_photo_of_100_megapixels_needs_less_than_three_times_its_pixels() -> None:
    assert apart(hostile.big_jpeg(), None).megabytes < 3 * 300


@pytest.mark.parametrize("error", [MemoryError(), OSError("out of memory when reading image file")])
def test_a_worker_without_memory_says_nothing_of_the_photo(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", fails)
    for format in ("JPEG", "PNG"):
        with pytest.raises(MemoryError):
            decode(encoded(product((64, 64)), format))


def test_pillow_names_its_codecs_lack_of_memory_as_it_is_looked_for() -> None:
    assert str(ImageFile._get_oserror(-9, encoder=False)).startswith("out of memory")


def test_scans_that_a_decoder_must_hold_are_counted_in_an_ordinary_jpeg_too() -> None:
    """Libjpeg keeps all coefficients as soon as the first scan has less than all channels."""
    sound = encoded(product((1200, 900)), quality=80)
    at = sound.index(b"\xff\xda") + 4
    assert (containers.read(sound).scans, containers.read(sound).held) == (1, 0)
    one_channel = hostile.many_scans(sound[:at] + b"\1" + sound[at + 1 :], 2000)
    found = containers.read(one_channel)
    assert (found.scans, found.held) == (2001, 128 * (150 * 113 + 2 * 75 * 57))  # blocks of 8x8: 4:2:0
    with pytest.raises(ImageRefused, match="DECODER_LIMIT: 2001 scans"):
        decode(one_channel)


def test_a_refusal_says_what_was_measured_what_is_required_and_what_to_do() -> None:
    with pytest.raises(ImageRefused) as refused:
        decode(hostile.png(30_000, 30_000, data=b""), Limits(megapixels=50))
    why = refused.value.reason
    assert (why.code, why.measured) == ("TOO_MANY_PIXELS", "30000 x 30000 px = 900 megapixels")
    assert why.required == "at most 50 megapixels"
    assert why.cure


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_exif_orientation_is_applied(turn: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (300, 520, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    data = encoded(Image.fromarray(pixels), "PNG", exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    photo = decode(data)
    assert photo.size == upright.size
    assert np.array_equal(photo.rgb, np.asarray(upright))


def test_a_preview_speaks_of_the_whole_photo() -> None:
    data = encoded(product((3000, 2000)), quality=92)
    photo = decode_preview(data, 512)
    assert photo.size == (3000, 2000)
    assert 512 <= max(photo.rgb.shape) < 1024
    small = np.asarray(
        Image.open(io.BytesIO(data)).resize((photo.rgb.shape[1], photo.rgb.shape[0]), Image.Resampling.BOX)
    )
    assert np.abs(photo.rgb.astype(int) - small).mean() < 2


@pytest.mark.parametrize(
    ("matrix", "profile", "code"),
    [
        (P3_TO_XYZ, matrix_profile(P3, list(srgb_curve(np.linspace(0, 1, 1024))), "P3"), srgb_code),
        (ADOBE_TO_XYZ, adobe_rgb(), lambda x: np.clip(x, 0, 1) ** (256 / 563)),
    ],
    ids=["Display P3", "Adobe RGB"],
)  # fmt: skip
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_wide_colours_come_out_as_the_same_colours(matrix, profile, code, format) -> None:  # type: ignore[no-untyped-def]
    wanted = swatches()
    linear = srgb_curve(wanted / 255) @ TO_XYZ.T @ np.linalg.inv(matrix).T
    wide = Image.fromarray(np.rint(code(linear) * 255).astype(np.uint8))
    options = {"quality": 100, "subsampling": 0} if format == "JPEG" else {}
    photo = decode(encoded(wide, format, icc_profile=profile, **options))
    assert photo.had_profile
    assert difference(np.asarray(wide), wanted) > 4  # the profile matters
    assert difference(photo.rgb, wanted) < 2


def test_adobe_rgb_that_only_exif_names_is_converted() -> None:
    wide = Image.fromarray(swatches())
    named = with_interoperability(encoded(wide, quality=100, subsampling=0), "R03")
    embedded = encoded(wide, quality=100, subsampling=0, icc_profile=adobe_rgb())
    photo = decode(named)
    assert any("Adobe RGB" in note for note in photo.notes)
    assert np.array_equal(photo.rgb, decode(embedded).rgb)


def with_interoperability(jpeg: bytes, index: str) -> bytes:
    """A JPEG whose EXIF leads over the Exif directory to an interoperability index."""
    tiff = b"II*\0" + struct.pack("<I", 8)
    tiff += struct.pack("<HHHIII", 1, 0x8769, 4, 1, 26, 0)
    tiff += struct.pack("<HHHIII", 1, 0xA005, 4, 1, 44, 0)
    tiff += struct.pack("<HHHI4sI", 1, 1, 2, 4, index.encode() + b"\0", 0)
    return hostile.with_segment(jpeg, 0xE1, b"Exif\0\0" + tiff)


def cmyk_profile() -> bytes:
    """A crude press: Lab at the corners of CMYK. Source of the format: ICC.1:2001-04, 6.5.8 (lut8)."""
    corners = b""
    for i in range(16):
        c, m, y, k = (i >> 3 & 1, i >> 2 & 1, i >> 1 & 1, i & 1)
        rgb = np.array([[[(1 - ink) * (1 - k) for ink in (c, m, y)]]], float)
        light, a, b = rgb2lab(rgb)[0, 0]
        corners += bytes([round(light * 2.55), round(a + 128), round(b + 128)])
    ramp = bytes(range(256))
    matrix = b"".join(struct.pack(">i", 65536 * (i % 4 == 0)) for i in range(9))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + corners + ramp * 3
    tags = [
        (b"desc", b"desc" + bytes(4) + struct.pack(">I", 6) + b"crude\0" + bytes(78)),
        (b"wtpt", b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)),
        (b"A2B0", lut),
    ]
    table, body, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for tag, content in tags:
        table += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), bytes(4), 0x02100000, b"prtr", b"CMYK", b"Lab ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + body


def test_cmyk_is_converted_through_its_profile() -> None:
    inks = np.zeros((64, 256, 4), np.uint8)
    for i in range(4):  # paper, cyan, magenta, yellow
        inks[:, 64 * i : 64 * i + 64, :3] = np.eye(4, 3, k=-1, dtype=np.uint8)[i] * 255
    photo = decode(encoded(Image.fromarray(inks, "CMYK"), quality=100, subsampling=0, icc_profile=cmyk_profile()))
    assert photo.mode == "CMYK"
    wanted = np.zeros((64, 256, 3), np.uint8)
    for i, colour in enumerate([(255, 255, 255), (0, 255, 255), (255, 0, 255), (255, 255, 0)]):
        wanted[:, 64 * i : 64 * i + 64] = colour
    centre = np.s_[:, 24:256:64]
    assert difference(photo.rgb[centre], wanted[centre]) < 4  # 8-bit Lab corners


def test_a_profile_that_says_srgb_in_its_own_words_leaves_the_numbers_and_a_near_one_does_not() -> None:
    rng = np.random.default_rng(3)
    image = Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8))
    primaries = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139))  # sRGB's, at D50
    code = np.linspace(0, 1, 1024)
    table = list(np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4))
    same = decode(encoded(image, "PNG", icc_profile=matrix_profile(primaries, table, "a camera's sRGB")))
    assert same.had_profile and np.array_equal(same.rgb, np.asarray(image))
    near = decode(encoded(image, "PNG", icc_profile=matrix_profile(primaries, [2.2], "sRGB with a plain gamma")))
    assert 2 < int(np.abs(near.rgb.astype(int) - np.asarray(image)).max()) < 16


def test_a_grey_photo_with_a_colour_profile_stays_grey() -> None:
    photo = decode(encoded(product().convert("L"), icc_profile=adobe_rgb()))
    assert int(np.ptp(photo.rgb.astype(int), axis=-1).max()) <= 1


def test_sixteen_bits_become_eight_evenly() -> None:
    deep = np.repeat(np.arange(65536, dtype=np.uint16).reshape(256, 256), 2, axis=1)
    photo = decode(encoded(Image.fromarray(deep), "PNG"))
    assert np.array_equal(photo.rgb[..., 0], np.rint(deep / 257).astype(np.uint8))


def test_transparent_parts_are_white_and_the_transparency_is_kept() -> None:
    image = product().convert("RGBA")
    cover = np.zeros((480, 640), np.uint8)
    cover[100:300, 100:300] = 255
    image.putalpha(Image.fromarray(cover))
    photo = decode(encoded(image, "PNG"))
    assert photo.alpha is not None and np.array_equal(photo.alpha, cover)
    assert (photo.rgb[:50] == 255).all()
    assert np.array_equal(photo.rgb[150, 150], np.asarray(image)[150, 150, :3])


def test_an_opaque_alpha_channel_is_no_transparency() -> None:
    photo = decode(encoded(product().convert("RGBA"), "PNG"))
    assert photo.alpha is None


def test_metadata_is_kept_without_position_and_serial_numbers() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif[0x8298] = "A. Photographer"
    exif[0x8769] = {0x829D: 5.6, 0xA431: "SN-12345", 0xA435: "LENS-99", 0xA420: "unique"}
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 0.0)}
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<r:Description xmlns:e="http://ns.adobe.com/exif/1.0/" xmlns:a="http://ns.adobe.com/exif/1.0/aux/" '
        b'xmlns:d="http://purl.org/dc/elements/1.1/" e:GPSLatitude="52,30N" a:SerialNumber="SN-12345">'
        b"<e:GPSLongitude>13,24E</e:GPSLongitude><d:source>studio</d:source></r:Description></r:RDF></x:xmpmeta>"
    )
    kept = decode(encoded(product(), exif=exif, xmp=xmp)).metadata
    assert kept["exif"] == {"Make": "Camera maker", "Copyright": "A. Photographer", "FNumber": 5.6}
    assert "studio" in kept["xmp"]
    assert not any(secret in str(kept) for secret in ("SN-12345", "LENS-99", "unique", "52", "13,24E"))


def test_iptc_is_kept() -> None:
    entries = b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(text.encode())) + text.encode()
        for number, text in ((5, "Becher"), (25, "kitchen"), (25, "küche"), (116, "© Acme"))
    )
    block = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(entries)) + entries + bytes(len(entries) % 2)
    kept = decode(hostile.with_segment(encoded(product()), 0xED, block)).metadata
    assert kept["iptc"] == {"title": "Becher", "keywords": ["kitchen", "küche"], "copyright": "© Acme"}


def test_a_grey_backdrop_of_exactly_128_is_not_taken_for_filling() -> None:
    image = Image.new("RGB", (800, 600), (128, 128, 128))
    image.paste(product((300, 200)), (250, 200))
    photo: Decoded = decode(encoded(image, quality=95))
    assert photo.size == (800, 600)
