"""Limits as data, checks in words, lot comparison, score and verdict."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from packshot.quality.checks import LotStats, against_lot, check, circular_median, lot_stats
from packshot.quality.limits import Limits, Rule, load_limits
from packshot.quality.score import Coefficients, Term, error_score, explain, load_coefficients
from packshot.quality.verdict import escalate, verdict
from packshot.records import Verdict

PROFILE = SimpleNamespace(flag_threshold=0.3)
GOOD = {
    "coverage": 0.4, "edge_off": 0.01, "edge_shift_px": 0.0, "edge_unsupported": 0.02, "softness_px": 2.0,
    "softness_excess": 0.0, "fringe": 0.05, "holes_alike": 0.0, "islands": 0.0, "core_soft": 0.0, "frame_cut": 0.0,
    "looks_in": 0.001, "looks_out": 0.001, "shadow_like": 0.0, "stand_like": 0.0, "neutral_top": 0.0,
    "colour_shift": 0.1, "colour_p95": 1.0, "sharpness": 0.95, "alpha_residual": 0.05,
}  # fmt: skip


def shadow(direction: float, density: float = 0.5, contact: float = 0.9, area: float = 0.2) -> dict[str, float]:
    return {
        "shadow_present": 1.0,
        "shadow_direction": direction,
        "shadow_density": density,
        "shadow_contact": contact,
        "shadow_area": area,
    }


LOT = lot_stats([shadow(a) for a in (350, 355, 2, 8, 175)])


def failed(measurements: dict[str, float], segment: str = "general", lot: LotStats | None = None) -> list[str]:
    return [c.name for c in check(measurements, segment, load_limits(), lot) if not c.passed]


def test_a_good_photo_passes_every_check() -> None:
    checks = check(GOOD, "general", load_limits())
    assert len(checks) >= 17 and all(c.passed for c in checks)
    assert verdict(checks, error_score(GOOD, "general"), "general", PROFILE) == (Verdict.PASS, [])


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"edge_off": 0.8}, ["edge_position"]),
        ({"edge_shift_px": -3.0}, ["edge_shift"]),
        ({"holes_alike": 0.03}, ["holes"]),
        ({"colour_shift": 4.0}, ["colour"]),
        ({"frame_cut": 0.2}, ["frame"]),
        ({"sharpness": 0.1}, ["sharpness"]),
        ({"fringe": 0.9}, ["fringe"]),
    ],
)
def test_each_damage_fails_its_own_check(change: dict[str, float], names: list[str]) -> None:
    assert failed(GOOD | change) == names


def test_findings_are_said_in_words_with_value_and_limit() -> None:
    (finding,) = [c for c in check(GOOD | {"colour_shift": 4.04}, "general", load_limits()) if not c.passed]
    assert finding.says == "The product's mean colour moved by 4.0 CIEDE2000 (limit 2.0)."
    assert (finding.value, finding.limit) == (4.04, 2.0)


def test_limits_differ_by_segment_and_may_be_switched_off() -> None:
    soft = GOOD | {"softness_px": 16.0}
    assert failed(soft) == ["edge_softness"]
    assert failed(soft, "textured") == []
    assert failed(GOOD | {"stand_like": 0.9}, "apparel") == ["stand_left"]
    assert failed(GOOD | {"stand_like": 0.9}, "general") == []


def test_a_measurement_that_is_not_finite_is_an_error_not_a_pass() -> None:
    with pytest.raises(ValueError, match="edge_off"):
        check(GOOD | {"edge_off": float("nan")}, "general", load_limits())


def test_the_lot_agrees_on_a_direction_across_north() -> None:
    assert LOT.shadow_direction in (355, 2) and LOT.photos == 5
    assert circular_median([359, 1, 3]) == 1


def test_a_turned_shadow_is_found_against_the_lot_only() -> None:
    turned = GOOD | shadow(90)
    assert failed(turned) == []
    assert failed(turned, lot=LOT) == ["shadow_direction"]
    assert failed(GOOD | shadow(15), lot=LOT) == []
    assert failed(GOOD | shadow(90, area=0.01), lot=LOT) == []  # right under the product: no direction


def test_density_and_contact_are_compared_with_the_lot() -> None:
    assert failed(GOOD | shadow(0, density=0.9), lot=LOT) == ["shadow_density"]
    assert failed(GOOD | shadow(0, contact=0.1), lot=LOT) == ["shadow_contact"]
    assert against_lot(shadow(0, contact=1.0), LOT)["shadow_contact_gap"] == 0


def test_two_photos_are_no_lot() -> None:
    assert lot_stats([shadow(0), shadow(180), GOOD]) == LotStats(photos=3)


def test_limits_refuse_typos_and_impossible_bounds(tmp_path: Path) -> None:
    entry = {"of": "holes", "limit": 0.1, "says": "{value} of {limit}"}
    with pytest.raises(ValidationError):
        Limits.model_validate({"holes": entry | {"limt": 0.2}})
    with pytest.raises(ValidationError, match="beyond"):
        Limits.model_validate({"holes": entry | {"fatal": 0.05}})
    with pytest.raises(KeyError):
        Rule.model_validate(entry | {"says": "{share}"})


def test_fatal_values_fail_the_photo() -> None:
    lost = GOOD | {"coverage": 0.0001}
    outcome, flags = verdict(check(lost, "general", load_limits()), 0.1, "general", PROFILE)
    assert (outcome, flags) == (Verdict.FAIL, ["product_found"])


def test_score_and_exception_segment_flag() -> None:
    checks = check(GOOD, "general", load_limits())
    assert verdict(checks, 0.3, "general", PROFILE) == (Verdict.FLAG, ["error_score"])
    assert verdict(checks, 0.0, "exception", PROFILE) == (Verdict.FLAG, ["exception_segment"])
    with pytest.raises(ValueError, match=r"0\.\.1"):
        verdict(checks, 1.2, "general", PROFILE)


def test_a_failed_photo_tries_a_stronger_way_once() -> None:
    assert escalate(Verdict.FAIL, "fast") == "accurate"
    assert escalate(Verdict.FAIL, "accurate") is None
    assert escalate(Verdict.FLAG, "fast") is None


def test_the_score_grows_with_damage_and_says_why() -> None:
    worse = GOOD | {"edge_error": 0.2, "edge_area": 0.1, "alpha_residual": 0.3}
    assert 0 <= error_score(GOOD, "general") < 0.3 < error_score(worse, "general") <= 1
    assert explain(worse, "general")[0][1] > 0


def test_no_coefficient_rewards_damage() -> None:
    assert load_coefficients().terms and all(t.weight >= 0 for t in load_coefficients().terms)
    with pytest.raises(ValidationError):
        Term(of="edge_off", start=0, full=1, weight=-1)


def test_a_term_is_flat_then_rises_then_is_full() -> None:
    term = Term(of="x", start=0.2, full=0.6, weight=2, segments={"textured": 0.4})
    assert [term.part(v, "general") for v in (0.1, 0.2, 0.4, 0.6, 9)] == pytest.approx([0, 0, 0.5, 1, 1])
    assert term.part(0.6, "textured") == pytest.approx(0.5)
    falling = Term(of="sharpness", start=0.6, full=0.2, weight=1)
    assert [falling.part(v, "general") for v in (0.9, 0.4, 0.1)] == pytest.approx([0, 0.5, 1])


def test_a_score_is_a_chance() -> None:
    model = Coefficients(command="c", fitted_on="f", intercept=0, terms=[Term(of="x", start=0, full=1, weight=1.0986)])
    assert error_score({"x": 0}, "general", coefficients=model) == 0.5
    assert error_score({"x": 1}, "general", coefficients=model) == pytest.approx(0.75, abs=1e-3)
    assert error_score({}, "general", coefficients=model) == 0.5
