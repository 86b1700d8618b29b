"""PNG between steps: what goes in comes out, here and in everybody else's reader."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from packshot.imaging.png import decode_png, encode_png

SHAPES = [(1, 1), (1, 7, 4), (7, 5), (64, 3, 4), (65, 9), (200, 33, 4)]


def picture(shape: tuple[int, ...]) -> np.ndarray:
    """Noise above, smooth below, nothing at the bottom: what deflates badly, well and to nothing."""
    image = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    image[shape[0] // 3 :] = np.arange(shape[1], dtype=np.uint8).reshape(-1, *(1,) * (len(shape) - 2))
    image[2 * shape[0] // 3 :] = 0
    return image


@pytest.mark.parametrize("shape", SHAPES)
def test_every_value_comes_back(shape: tuple[int, ...]) -> None:
    image = picture(shape)
    data = encode_png(image)
    assert data == encode_png(image)
    assert np.array_equal(decode_png(data), image)


@pytest.mark.parametrize("shape", SHAPES)
def test_other_readers_see_the_same(shape: tuple[int, ...]) -> None:
    image = picture(shape)
    data = encode_png(image)
    with Image.open(io.BytesIO(data)) as seen:
        assert np.array_equal(np.asarray(seen), image)
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(cv2.cvtColor(by_opencv, cv2.COLOR_BGRA2RGBA) if image.ndim == 3 else by_opencv, image)


@pytest.mark.parametrize("shape", [(40, 30), (40, 30, 4)])
def test_a_png_of_another_writer_is_read_too(shape: tuple[int, ...]) -> None:
    image = picture(shape)
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG", optimize=True)
    assert np.array_equal(decode_png(out.getvalue()), image)


def test_part_of_a_picture_is_encoded_as_a_copy_of_it_is() -> None:
    part = picture((90, 40, 4))[5:80, 3:30]
    assert encode_png(part) == encode_png(part.copy())


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: b"",
        lambda d: b"GIF89a" + d,
        lambda d: d[:20],
        lambda d: d[:41] + d[60:],
        lambda d: flipped(d, 19),
        lambda d: flipped(d, 200),
        lambda d: d[:16] + bytes(8) + d[24:],
    ],
    ids=["nothing", "another signature", "header alone", "gap", "another width", "a bit of the pixels", "no size"],
)
def test_what_is_no_png_is_told(spoil) -> None:
    with pytest.raises(ValueError, match="not a PNG"):
        decode_png(spoil(encode_png(picture((50, 40, 4)))))


@pytest.mark.parametrize(
    "pixels", [b"", b"\2" + bytes(120), ((b"\2" + bytes(120)) * 50)[:-1]], ids=["none", "one line", "short"]
)
def test_a_whole_file_with_too_few_pixels_is_told(pixels: bytes) -> None:
    data = encode_png(picture((50, 30, 4)))
    body = b"IDAT" + zlib.compress(pixels)
    short = data[:33] + struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body)) + data[-12:]
    with pytest.raises(ValueError, match="not a PNG"):
        decode_png(short)


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_what_cannot_be_encoded_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match="cannot encode"):
        encode_png(image)
