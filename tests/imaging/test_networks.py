"""The networks: sizes, raw values, and a graph freed from its fixed size."""

import subprocess
import sys

import numpy as np
import pytest

from packshot.imaging import models, networks


def test_reading_the_module_does_not_load_the_runtime():
    code = "import sys, packshot.imaging.networks, packshot.imaging.models; print('onnxruntime' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [(2400, 1800, 768, (576, 768)), (300, 3000, 1024, (1024, 256)), (1000, 1000, 512, (512, 512))],
)
def test_the_network_sees_the_photos_shape_in_steps_of_64(height, width, size, expected):
    assert networks._network_shape(height, width, size) == expected


def test_missing_weights_are_a_model_error(tmp_path):
    with pytest.raises(models.ModelError, match="missing"):
        networks.Networks(tmp_path, threads=1).u2netp(np.zeros((8, 8, 3), np.uint8))


@pytest.mark.models
def test_opened_ahead_nothing_is_left_to_open_but_what_a_second_try_asks():
    ahead = networks.Networks(threads=1)
    ahead.open()
    opened = dict(ahead._sessions)
    ahead.isnet(np.zeros((256, 256, 3), np.uint8), 256)
    ahead.settle(np.zeros((1, 27, 8, 8), np.float32))
    assert set(opened) == {"isnet", "refiner"}
    assert ahead._sessions == opened


def test_our_own_refiner_keeps_alpha_in_range_and_size():
    features = np.random.default_rng(1).normal(0, 0.2, (1, 27, 24, 40)).astype(np.float32)
    alphas = networks.Networks(threads=1).settle(features)
    assert alphas.shape == (1, 4, 24, 40)
    assert alphas.min() >= 0 and alphas.max() <= 1


@pytest.mark.models
@pytest.mark.slow
def test_isnet_answers_in_the_photos_shape_and_finds_a_dark_square_on_white():
    photo = np.full((400, 300, 3), 250, np.uint8)
    photo[120:280, 90:210] = (30, 60, 120)
    matte = networks.Networks(threads=1).isnet(photo, 512)
    assert matte.shape == (512, 384)
    assert matte[256, 192] > 0.9 and matte[20, 20] < 0.1
