"""The finished cut-out: same bytes from a kept matte, edges moved as told, an honest size check."""

import json

import numpy as np
import pytest
from pydantic import ValidationError

from packshot.imaging.cutout import RawMatte, Settings, adjust_edge, find_matte, finish
from tests.imaging.test_matte import Coarse, scene


@pytest.fixture(scope="module")
def found():
    photo, truth = scene()
    return photo, truth, find_matte(photo, "general", Settings(), Coarse(truth, photo.shape[:2]))


def test_a_kept_matte_gives_the_same_bytes_as_a_fresh_one(found):
    photo, _, raw = found
    settings = Settings(edge_shift_px=0.5, feather_px=0.7, shadow={"kind": "contact"})
    kept = RawMatte.from_parts(raw.matte.copy(), json.loads(json.dumps(raw.facts())))
    fresh, again = finish(photo, raw, "general", settings), finish(photo, kept, "general", settings)
    assert np.array_equal(fresh.master, again.master)
    assert fresh.shadow is not None and np.array_equal(fresh.shadow, again.shadow)
    assert fresh.measurements == again.measurements


@pytest.mark.parametrize("segment", ["general", "textured", "transparent", "reflective", "apparel", "exception"])
def test_every_segment_gives_a_straight_master_clear_where_alpha_is_zero(found, segment):
    photo, _, raw = found
    made = finish(photo, raw, segment, Settings())
    assert made.master.shape == (*photo.shape[:2], 4) and made.master.dtype == np.uint8
    assert not made.master[made.master[..., 3] == 0].any()
    assert made.matte.shape == photo.shape[:2]


def test_without_a_shadow_wanted_there_is_none(found):
    photo, _, raw = found
    assert finish(photo, raw, "general", Settings()).shadow is None


def test_the_photos_own_shadow_can_be_kept(found):
    photo, _, raw = found
    made = finish(photo, raw, "general", Settings(shadow={"kind": "natural", "density": 1.0}))
    assert made.shadow is not None and made.shadow.shape == photo.shape[:2]


def test_edge_shift_grows_and_shrinks_by_pixels():
    square = np.zeros((60, 60), np.uint8)
    square[20:40, 20:40] = 255
    assert (adjust_edge(square, 2, 0)[30] > 127).sum() == 24
    assert (adjust_edge(square, -3, 0)[30] > 127).sum() == 14
    half = adjust_edge(square, 0.5, 0)
    assert 120 <= half[30, 19] <= 135


def test_a_matte_of_another_size_is_refused(found):
    photo, _, raw = found
    with pytest.raises(ValueError, match="size"):
        finish(photo[:-1], raw, "general", Settings())


def test_settings_survive_json_and_refuse_strangers():
    settings = Settings(way="accurate", shadow={"kind": "drop", "density": 0.2})
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    with pytest.raises(ValidationError):
        Settings.from_dict({"edge_shift": 1})


def test_only_what_the_matte_depends_on_is_in_its_settings():
    assert Settings(fringe=0.2).matte_settings() == Settings(feather_px=3).matte_settings()
    assert Settings(way="fast").matte_settings() != Settings().matte_settings()
