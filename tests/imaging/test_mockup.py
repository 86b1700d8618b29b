"""Mock-ups: the product stands where the scene's camera says, in its size, with its shadow, unaltered."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from pydantic import ValidationError

from packshot.imaging import mockup


@pytest.fixture
def scene(tmp_path: Path) -> mockup.Scene:
    """A plain grey scene of 400 x 400, light from the left, nothing mirrored."""
    folder = tmp_path / "plain"
    folder.mkdir()
    cv2.imwrite(str(folder / "scene.png"), np.full((400, 400, 3), 180, np.uint8))
    data = {
        "title": "plain",
        "image": "scene.png",
        "ground": {"camera_height_cm": 35, "pitch_deg": 10, "focal": 1.6, "stand_cm": 120},
        "light": {"azimuth_deg": 20, "elevation_deg": 40, "softness_cm": 1, "density": 0.6},
        "white_balance": [1.0, 1.0, 1.0],
        "default_height_cm": 25,
        "credits": "made in a test",
    }
    (folder / "scene.yaml").write_text(yaml.safe_dump(data))
    return mockup.load_scene(folder)


def block(colour: tuple[int, int, int] = (200, 40, 40), h: int = 300, w: int = 200) -> np.ndarray:
    master = np.zeros((h + 100, w + 100, 4), np.uint8)
    master[50 : 50 + h, 50 : 50 + w] = (*colour, 255)
    return master


def red(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 0].astype(int) - picture[..., 1]) > 80


def test_the_project_has_four_scenes_with_pictures_and_credits() -> None:
    found = mockup.scenes()
    assert len(found) >= 4
    for scene in found.values():
        picture = scene.picture()
        assert min(picture.shape[:2]) >= 1200
        assert (scene.folder / scene.image).stat().st_size <= 400_000
        assert scene.credits
        x, y, per_cm = scene.stand(picture.shape)
        assert 0.5 * picture.shape[0] < y < 0.95 * picture.shape[0]
        assert 0 < x < picture.shape[1]
        assert per_cm > 5


def test_the_camera_decides_row_and_scale(scene: mockup.Scene) -> None:
    x, y, per_cm = scene.stand((400, 400))
    assert x == 200
    # pinhole: 16.26 degrees below the horizon, the axis 10 below it, 640 px focal length
    assert y == pytest.approx(200 + 640 * np.tan(np.deg2rad(6.26)), abs=0.5)
    assert per_cm == pytest.approx(640 / (125 * np.cos(np.deg2rad(6.26))), rel=0.01)


def test_a_product_has_its_real_height(scene: mockup.Scene) -> None:
    _, y, per_cm = scene.stand((400, 400))
    shown = red(mockup.place(block(), scene, product_height_cm=40))
    rows, columns = np.nonzero(shown.any(1))[0], np.nonzero(shown.any(0))[0]
    assert np.ptp(rows) + 1 == pytest.approx(40 * per_cm, abs=2)
    assert np.ptp(columns) + 1 == pytest.approx(40 * per_cm * 2 / 3, abs=2)
    assert rows[-1] == pytest.approx(y, abs=2)


def test_a_small_product_is_come_closer_to_and_a_huge_one_fits(scene: mockup.Scene) -> None:
    small = red(mockup.place(block(), scene, product_height_cm=8))
    _, _, per_cm = scene.stand((400, 400))
    assert 8 * per_cm * 1.5 < np.ptp(np.nonzero(small.any(1))[0]) < 8 * per_cm * 1.9
    huge = red(mockup.place(block(), scene, product_height_cm=300))
    rows, columns = np.nonzero(huge.any(1))[0], np.nonzero(huge.any(0))[0]
    assert rows[0] > 10
    assert columns[0] > 10


def test_the_products_colour_is_not_altered(scene: mockup.Scene) -> None:
    shown = mockup.place(block((123, 45, 67)), scene, product_height_cm=40)
    assert np.abs(shown[180, 200].astype(int) - (123, 45, 67)).max() <= 1


def test_white_follows_the_scenes_light_in_part(scene: mockup.Scene) -> None:
    warm = scene.model_copy(update={"white_balance": (1.1, 1.0, 0.8)})
    shown = mockup.place(block((200, 200, 200)), warm, product_height_cm=40)[180, 200].astype(int)
    assert shown[0] > 200 > shown[2]
    assert shown[2] > 170


def test_the_shadow_falls_away_from_the_light_and_darkens_the_foot(scene: mockup.Scene) -> None:
    shown = mockup.place(block(), scene, product_height_cm=40)[..., 1].astype(int)
    _, y, _ = scene.stand((400, 400))
    product = np.nonzero(red(mockup.place(block(), scene, product_height_cm=40)).any(0))[0]
    low = round(y)
    assert shown[low + 2, 190:210].max() < 150  # contact
    assert shown[low + 4, product[-1] + 12] < shown[low + 4, product[0] - 12] - 10
    assert shown[:40].min() >= 178  # nothing above


def test_glass_lets_the_scene_through(scene: mockup.Scene) -> None:
    master = block((0, 0, 0))
    master[..., 3] //= 4
    shown = mockup.place(master, scene, product_height_cm=40)[180, 200]
    assert 140 < shown.min() <= shown.max() < 180


def test_a_glossy_surface_mirrors_the_product(scene: mockup.Scene) -> None:
    glossy = scene.model_copy(update={"gloss": 0.4})
    _, y, _ = scene.stand((400, 400))
    plain, shiny = (mockup.place(block(), s, product_height_cm=40) for s in (scene, glossy))
    at = (round(y) + 25, 200)
    assert int(shiny[at][0]) - int(shiny[at][1]) > int(plain[at][0]) - int(plain[at][1]) + 8


def test_an_empty_master_and_wrong_fields_are_refused(scene: mockup.Scene) -> None:
    with pytest.raises(ValueError, match="no product"):
        mockup.place(np.zeros((50, 50, 4), np.uint8), scene)
    data = yaml.safe_load((scene.folder / "scene.yaml").read_text())
    data["light"]["elevation_deg"] = 120
    (scene.folder / "scene.yaml").write_text(yaml.safe_dump(data))
    with pytest.raises(ValidationError, match="elevation_deg"):
        mockup.load_scene(scene.folder)
