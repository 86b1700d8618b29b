"""A photo of a wide colour space keeps its colours from the source file to the exported one."""

from __future__ import annotations

import datetime as dt
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from skimage.color import deltaE_ciede2000, rgb2lab, xyz2lab

from packshot.export.stage import export_photo
from packshot.imaging.colour_profile import adobe_rgb, matrix_profile
from packshot.imaging.decode import decode

P3_D50 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
P3_TO_XYZ = np.array([[0.48657, 0.26567, 0.19822], [0.22897, 0.69174, 0.07929], [0.0, 0.04511, 1.04394]])
ADOBE_TO_XYZ = np.array([[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]])
CODE = np.array([168, 96, 60], np.uint8)  # a terracotta within sRGB in both spaces
SIDE = 2000


def srgb_curve(code: np.ndarray) -> np.ndarray:
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize(
    ("profile", "to_xyz", "light"),
    [
        (matrix_profile(P3_D50, list(srgb_curve(np.linspace(0, 1, 1024))), "P3"), P3_TO_XYZ, srgb_curve),
        (adobe_rgb(), ADOBE_TO_XYZ, lambda code: code ** (563 / 256)),
    ],
    ids=["Display P3", "Adobe RGB"],
)
def test_colours_are_the_same_in_the_exported_file(profile: bytes, to_xyz: np.ndarray, light, meta) -> None:  # type: ignore[no-untyped-def]
    # given a photo whose numbers mean a known colour only through its profile
    photo = BytesIO()
    Image.fromarray(np.full((SIDE, SIDE, 3), CODE, np.uint8)).save(photo, "JPEG", quality=95, icc_profile=profile)
    true_lab = xyz2lab(to_xyz @ light(CODE / 255.0))
    # when it is decoded, cut out and exported
    rgb = decode(photo.getvalue()).rgb
    alpha = np.zeros((SIDE, SIDE), np.uint8)
    alpha[300:1700, 300:1700] = 255
    master = np.dstack([rgb * (alpha[..., None] > 0), alpha])
    (exported,) = export_photo(master, None, meta(), ["amazon"], dt.date(2026, 11, 23))
    # then a viewer who reads sRGB sees that colour
    with Image.open(BytesIO(exported.data)) as image:
        middle = np.asarray(image.convert("RGB"))[exported.height // 2, exported.width // 2]
    assert exported.held is None
    assert float(deltaE_ciede2000(true_lab, rgb2lab(middle / 255.0))) <= 2
