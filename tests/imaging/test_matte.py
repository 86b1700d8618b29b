"""Finding the product: with stand-in opinions, so that the way is tested and not the networks."""

import cv2
import numpy as np
import pytest

from packshot.imaging import matte, studio, topology


class Coarse:
    """Opinions that know the truth, blurred as a network would; remembers what was asked."""

    def __init__(self, truth: np.ndarray, photo_shape: tuple[int, int]) -> None:
        self.truth, self.shape, self.asked = truth, photo_shape, []

    def _see(self, rgb: np.ndarray, size: int) -> np.ndarray:
        self.asked.append((rgb.shape[:2], size))
        dark = (np.abs(rgb.astype(int) - rgb[0, 0]).max(axis=2) > 40).astype(np.float32)
        scale = size / max(rgb.shape[:2])
        return cv2.GaussianBlur(cv2.resize(dark, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), (0, 0), 1)

    def u2netp(self, rgb: np.ndarray) -> np.ndarray:
        return self._see(rgb, 320)

    def isnet(self, rgb: np.ndarray, size: int = 1024) -> np.ndarray:
        return self._see(rgb, size // 4)

    def settle(self, features: np.ndarray) -> np.ndarray:
        """Colour where it is trusted, else the coarse matte: what the refiner starts from."""
        return features[:, 26:27] * features[:, 22:26] + (1 - features[:, 26:27]) * features[:, 18:19]


def scene(height: int = 600, width: int = 500) -> tuple[np.ndarray, np.ndarray]:
    photo = np.full((height, width, 3), (225, 228, 230), np.uint8)
    truth = np.zeros((height, width), np.uint8)
    cv2.circle(truth, (240, 300), 120, 255, -1, cv2.LINE_AA)
    share = truth[..., None] / 255
    return np.round(photo * (1 - share) + np.array([40, 90, 160]) * share).astype(np.uint8), truth


def test_a_product_on_a_sweep_is_cut_from_its_crop_alone():
    photo, truth = scene()
    seen = Coarse(truth, photo.shape[:2])

    found = matte.find(photo, matte.How(), seen)

    assert np.abs(found.matte.astype(int) - truth).mean() < 1.0
    assert ((found.matte > 127) != (truth > 127)).mean() < 0.001
    assert len(seen.asked) == 1, "one look is enough for an easy photo"
    assert all(shape[0] < 400 and shape[1] < 400 for shape, _ in seen.asked)


class Torn(Coarse):
    """Is undecided about the right half of whatever it is shown, and does not see the left one at a second look."""

    def isnet(self, rgb: np.ndarray, size: int = 1024) -> np.ndarray:
        seen = super().isnet(rgb, size)
        half = seen.shape[1] // 2
        seen[:, half:] *= 0.7
        return seen


def test_a_doubtful_photo_is_looked_at_twice_and_the_difference_is_told():
    photo, truth = scene()
    torn = Torn(truth, photo.shape[:2])

    opinion = matte._opinion(photo, studio.fit(photo), matte.How(), torn)
    seen = opinion.matte

    assert [size for _, size in torn.asked] == [matte.EVEN_SIZE // 4, matte.FULL_SIZE // 4], "small and then large"
    assert seen.shape == (256, 213), "the mean has the size of the sharper look"
    assert seen[150, 60] == pytest.approx(0.85, abs=0.02) == seen[150, 140], "each half was doubted once"
    assert opinion.disagreement < 0.05, "both saw the same product"
    assert opinion.looks == 2


@pytest.mark.parametrize(
    ("sure", "certainty", "way"), [(0.98, 0.95, "fast"), (0.98, 0.97, "accurate"), (1, 0.98, "fast")]
)
def test_how_certain_a_first_look_must_be_is_the_segments_to_say(sure, certainty, way):
    photo, truth = scene()

    class Doubtful(Coarse):
        def isnet(self, rgb: np.ndarray, size: int = 1024) -> np.ndarray:
            return super().isnet(rgb, size) * sure  # 0.98: doubt of 4 %

    found = matte.find(photo, matte.How(fast_certainty=certainty), Doubtful(truth, photo.shape[:2]))

    assert found.way == way


def test_looks_that_contradict_each_other_disagree():
    photo, truth = scene()

    class Fickle(Torn):
        def isnet(self, rgb: np.ndarray, size: int = 1024) -> np.ndarray:
            seen = super().isnet(rgb, size)
            seen[:, : seen.shape[1] // 2] = 0
            return seen

    opinion = matte._opinion(photo, studio.fit(photo), matte.How(), Fickle(truth, photo.shape[:2]))

    assert opinion.disagreement > 0.9


def test_what_is_thin_is_seen_large_at_once():
    photo, truth = scene()
    cluttered = photo.copy()
    cluttered[::7] = 90
    sweep, clutter = studio.fit(photo), studio.fit(cluttered)
    asked = {}
    for segment in ("general", "textured", "transparent"):
        for backdrop in (sweep, clutter):
            networks = Coarse(truth, photo.shape[:2])
            matte._opinion(photo, backdrop, matte.How(segment), networks)
            asked[segment, backdrop.even] = [4 * size for _, size in networks.asked]

    small, large, full = [matte.EVEN_SIZE], [matte.CLUTTER_SIZE], [matte.FULL_SIZE]
    assert asked == {
        ("general", True): small, ("general", False): large, ("textured", True): small, ("textured", False): full,
        ("transparent", True): full, ("transparent", False): large,
    }  # fmt: skip


def test_the_fast_way_looks_once_whatever_the_doubt():
    photo, truth = scene()
    torn = Torn(truth, photo.shape[:2])
    assert matte.find(photo, matte.How(way="fast"), torn).way == "fast"
    assert [size for _, size in torn.asked] == [matte.EVEN_SIZE // 4]


def test_an_odd_sized_photo_with_a_product_at_the_frame_keeps_its_last_row():
    photo, truth = scene(421, 501)
    found = matte.find(photo, matte.How(), Coarse(truth, photo.shape[:2]))
    assert found.matte.shape == (421, 501)
    assert found.matte[420, 240] > 230


def test_a_blank_photo_has_no_product():
    photo = np.full((600, 500, 3), 230, np.uint8)
    with pytest.raises(matte.NoProduct):
        matte.find(photo, matte.How(), Coarse(np.zeros((600, 500), np.uint8), (600, 500)))


def test_a_large_photo_is_worked_on_reduced_and_finished_at_its_own_size():
    small, truth = scene()
    photo = cv2.resize(small, None, fx=12, fy=12, interpolation=cv2.INTER_CUBIC)
    truth = cv2.resize(truth, None, fx=12, fy=12, interpolation=cv2.INTER_CUBIC)
    found = matte.find(photo, matte.How(), Coarse(truth, photo.shape[:2]))
    assert found.matte.shape == photo.shape[:2]
    assert ((found.matte > 127) != (truth > 127)).mean() < 0.002


def test_a_highlight_the_network_took_for_a_hole_is_closed_and_a_true_hole_stays():
    solid = np.zeros((200, 200), np.float32)
    solid[40:160, 40:160] = 1
    solid[60:90, 60:90] = solid[110:140, 110:140] = 0
    light = np.full((200, 200, 3), (0.1, 0.3, 0.6), np.float32)
    light[solid > 0] = (0.5, 0.1, 0.1)
    light[60:90, 60:90] = 0.95
    closed, count = topology.close_false_holes(solid, light, 1.0, transparent=False)
    assert count == 1
    assert closed[75, 75] == 1 and closed[125, 125] == 0


def test_half_seen_glass_is_closed_only_in_transparent_products():
    glass = np.ones((100, 100), np.float32)
    glass[:5] = glass[-5:] = glass[:, :5] = glass[:, -5:] = 0
    glass[40:60, 40:60] = 0.2
    assert topology.close_false_holes(glass, None, 1.0, transparent=False)[1] == 0
    assert topology.close_false_holes(glass, None, 1.0, transparent=True)[0][50, 50] == 1


@pytest.mark.parametrize(("mean", "inside"), [(0.025, 0.025), (0.035, 1.0)])
def test_an_opening_in_glass_stays_open_and_faint_glass_is_closed(mean, inside):
    glass = np.zeros((100, 100), np.float32)
    glass[5:-5, 5:-5] = 1
    glass[40:60, 40:60] = mean
    closed, _ = topology.close_false_holes(glass, None, 1.0, transparent=True)
    assert closed[50, 50] == pytest.approx(inside)


def test_a_blurred_bystander_is_dropped_beside_a_sharp_product():
    grey = np.full((300, 400), 0.8, np.float32)
    grey[100:250, 60:160] = 0.2
    blurred = np.full_like(grey, 0.8)
    blurred[50:250, 260:340] = 0.3
    grey = np.minimum(grey, cv2.GaussianBlur(blurred, (0, 0), 8))
    both = (grey < 0.5).astype(np.float32)
    kept, dropped = topology.drop_blurred_parts(both, grey)
    assert dropped == 1
    assert kept[170, 100] == 1 and kept[150, 300] == 0


def mirror_scene(trace: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two opinions and the light of a product with a part in the backdrop's own colour: the first network lost it."""
    light = np.full((120, 120, 3), 0.5, np.float32)
    light[20:100, 20:70] = 0.1
    first, second = np.zeros((2, 120, 120), np.float32)
    first[20:100, 20:70] = second[20:100, 20:70] = 1
    first[52:68, 70:90], second[52:68, 70:90] = trace, 1
    return first, second, light


def test_a_mirror_lost_in_the_backdrop_is_regained_where_the_networks_agree_and_one_doubts():
    found, share = topology.regain_mirror(*mirror_scene(trace=0.05), 1.0)
    assert found[60, 80] == 1 and share > 0


def test_an_opening_that_the_accurate_network_leaves_empty_stays_open():
    found, share = topology.regain_mirror(*mirror_scene(trace=0.0), 1.0)
    assert found[60, 80] == 0 and share == 0


def test_openings_of_filigree_stay_open_though_the_wires_between_them_are_sure():
    first, second, light = mirror_scene(trace=0.0)
    first[52:68, 76:79] = first[52:68, 84:87] = 1  # wires, narrower than what joins openings to one part
    found, share = topology.regain_mirror(first, second, light, 1.0)
    assert found[60, 73] == found[60, 81] == 0 and share == 0


def test_a_narrow_highlight_inside_a_mirror_is_regained_but_the_gaps_of_a_mesh_are_not():
    first, second, light = mirror_scene(trace=0.05)
    first[30:90, 40:44] = 0.1  # long and narrow
    first[30:34, 55:59] = 0.1  # a gap of a mesh
    found, _ = topology.regain_mirror(first, second, light, 1.0)
    assert found[60, 42] == 1
    assert found[32, 57] < 0.5


def test_a_second_opinion_settles_wide_doubt_and_leaves_the_edge_alone():
    first = np.zeros((640, 640), np.float32)
    first[100:500, 100:500] = 1
    first[100:500, 500:503] = 0.5
    first[200:300, 200:300] = 0.5
    second = np.zeros((640, 640), np.float32)
    second[100:500, 90:510] = 1
    opinion = matte._settled(first, second)
    assert opinion[250, 250] == 1
    assert opinion[250, 501] == 0.5
