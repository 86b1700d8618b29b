"""The resampling is Pillow's Lanczos of float images, whatever part of the picture is given."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from packshot.export.resample import Lanczos


@pytest.mark.parametrize(
    ("part", "source", "size"),
    [
        ((0, 0, 90, 70), (0.0, 0.0, 90.0, 70.0), (83, 61)),  # the whole picture, to its frame
        ((20, 10, 61, 55), (19.3, 8.9, 62.1, 56.4), (40, 44)),  # a product with room around it
        ((20, 10, 61, 55), (18.0, 9.0, 63.0, 57.0), (9, 10)),  # a fifth of the size
        ((0, 0, 30, 70), (0.0, 0.0, 31.5, 70.0), (47, 105)),  # enlarged, at the frame on three sides
        ((44, 31, 46, 32), (43.1, 30.2, 47.0, 33.0), (3, 2)),  # two pixels
    ],
)
def test_a_part_of_a_picture_is_resampled_as_the_whole_is(part, source, size):
    left, top, right, bottom = part
    picture = np.zeros((70, 90), np.float32)
    picture[top:bottom, left:right] = np.random.default_rng(5).random((bottom - top, right - left), np.float32)
    wanted = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS, box=source))
    product = picture[top:bottom, left:right]
    got, half = Lanczos(picture.shape, part, source, size)(lambda rows: [product[rows], product[rows] / 2])
    assert got.shape == wanted.shape
    assert np.abs(got - wanted).max() < 1e-5
    assert np.array_equal(half, got / 2)


ONCE = """
import hashlib, numpy as np
from packshot.export.resample import Lanczos
plane = np.random.default_rng(0).random((2400, 1800), np.float32)
made = Lanczos(plane.shape, (0, 0, 1800, 2400), (0.0, 0.0, 1800.0, 2400.0), (1500, 1999))(lambda rows: [plane[rows]])[0]
print(hashlib.sha256(made.tobytes()).hexdigest())
"""


def test_the_same_comes_out_of_one_core_and_of_several():
    made = {
        subprocess.run(
            [sys.executable, "-c", ONCE],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for threads in ("1", "2", "4")
    }
    assert len(made) == 1
