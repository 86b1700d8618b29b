"""Round metal that the backdrop swallowed is completed from its shape, and nothing else is."""

import cv2
import numpy as np
import pytest

from packshot.imaging import rim

WHITE = 0.97


def scene(notch: float = 0.0, shade: float = WHITE) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """True matte, matte with a sector of the rim lost, coarse matte in doubt there, and the photo in root light."""
    truth = np.zeros((800, 700), np.uint8)
    cv2.ellipse(truth, (350, 400), (250, 270), 0, 0, 360, 255, -1, cv2.LINE_AA)
    turn, depth = _polar()
    gap = (np.abs(turn - 0.1) < 0.07) & (depth < 0.05 + notch)
    lost = np.where(gap, 0, truth)
    photo = np.full((400, 350, 3), WHITE, np.float32)
    photo[_half(lost) > 0.5] = 0.4
    photo[_half(np.where(gap & (truth > 0), 255, 0).astype(np.uint8)) > 0.5] = shade
    coarse = np.maximum(_half(lost), 0.05 * _half(truth))
    return truth / np.float32(255), lost / np.float32(255), coarse, photo


def _polar() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.indices((800, 700), np.float32)
    u, v = (x - 350) / 250, (y - 400) / 270
    return np.arctan2(v, u) / (2 * np.pi), 1 - np.hypot(u, v)


def _half(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (350, 400), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


SWEEP = np.full((40, 35, 3), WHITE, np.float32)


def test_a_rim_as_white_as_the_sweep_goes_on_where_its_ellipse_does():
    truth, lost, coarse, photo = scene()

    found, share = rim.complete(lost, coarse, photo, SWEEP)

    assert np.abs(lost - truth).sum() > 2000
    assert np.abs(found - truth).sum() < 300
    assert share == pytest.approx(np.abs(lost - truth).sum() / truth.sum(), rel=0.3)


@pytest.mark.parametrize(
    ("what", "notch", "shade", "doubt"),
    [
        ("a notch", 0.06, WHITE, 1.0),
        ("shadow under it", 0.0, 0.8, 1.0),
        ("air that the networks are sure of", 0.0, WHITE, 0.0),
    ],
)
def test_what_is_no_rim_stays_open(what, notch, shade, doubt):
    _, lost, coarse, photo = scene(notch, shade)
    coarse = np.where(coarse < 0.1, 0.001 + coarse * doubt, coarse)

    found, share = rim.complete(lost, coarse, photo, SWEEP)

    assert found is lost or np.array_equal(found, lost), what
    assert share == 0


def test_specks_within_do_not_count_as_gaps_of_the_rim():
    truth, lost, coarse, photo = scene()
    specks = [(300 + 20 * k, 330 + 15 * k) for k in range(5)]
    for x, y in specks:
        cv2.circle(lost, (x, y), 3, 0.0, -1)

    found, _ = rim.complete(lost, coarse, photo, SWEEP)

    assert all(found[y, x] == 0 for x, y in specks)
    assert np.abs(found - truth).sum() < 300 + len(specks) * 40


def test_teeth_are_no_gaps_of_a_rim():
    truth, _, coarse, photo = scene()
    turn, depth = _polar()
    toothed = np.where((np.sin(turn * 2 * np.pi * 12) > 0.8) & (depth < 0.03), 0, truth).astype(np.float32)

    found, _ = rim.complete(toothed, np.maximum(coarse, 0.05), photo, SWEEP)

    assert np.array_equal(found, toothed)


def test_a_box_has_no_elliptic_outline():
    box = np.zeros((800, 700), np.float32)
    box[200:600, 150:550] = 1
    box[200:220, 300:400] = 0

    found, share = rim.complete(
        box, np.full((400, 350), 0.05, np.float32), np.full((400, 350, 3), WHITE, np.float32), SWEEP
    )

    assert np.array_equal(found, box)
    assert share == 0
