"""The simulation of the deployed system obeys what any queueing system obeys."""

from __future__ import annotations

import pytest

from bench.deployed import facts, simulate
from packshot_local.quote import cost, prices

SIZES = (80, 1_000, 20_000, 300_000)


@pytest.mark.parametrize("gate", [True, False])
@pytest.mark.parametrize("photos", SIZES)
def test_nothing_is_faster_than_the_work_of_its_slowest_stage(photos: int, gate: bool) -> None:
    run = simulate(photos, gate)
    assert run.hours * 3600 >= max(run.bounds.values())
    if sum(run.bounds.values()) < run.hours * 1800:
        assert run.bottleneck == "latency" and photos <= 1_000
    else:
        assert run.bounds[run.bottleneck] == max(run.bounds.values())


@pytest.mark.parametrize("photos", SIZES)
def test_no_work_is_lost_and_none_is_invented(photos: int) -> None:
    """What the environments were busy for is the photos' seconds, and the starts of those environments."""
    run, given = simulate(photos, gate=False), facts()
    lots = -(-photos // given["lot"]["photos"])
    slack = given["lot"]["photos"] * max(1, -(-lots // 4000))  # the last lot of a grain is simulated whole
    for stage in ("process", "export"):
        work = photos * prices().stages[stage].seconds
        starts = given["lot"]["workers"] * 10 * given["lambda"]["cold_start_s"][stage]
        chunks = -(-(given["lot"]["photos"] - 3) // given["lot"]["chunk"]) * given["lot"]["chunk"] + 8
        most = work * chunks / given["lot"]["photos"] + slack * 10 + starts
        assert work <= run.busy_s[stage] + 1e-6 and run.busy_s[stage] <= most
    assert len(run.arrived) == len(run.left)


def test_littles_law_holds() -> None:
    """L = lambda W, measured both ways over the whole run: the mean number in the system, and arrivals by mean stay."""
    run = simulate(20_000, gate=True)
    end = max(run.left)
    stay = sum(run.left) - sum(run.arrived)
    moments = sorted([(at, 1) for at in run.arrived] + [(at, -1) for at in run.left])
    inside, before, area = 0, 0.0, 0.0
    for at, step in moments:
        area += inside * (at - before)
        inside, before = inside + step, at
    assert inside == 0
    assert area / end == pytest.approx(len(run.left) / end * stay / len(run.left))


def test_more_of_everything_never_takes_longer() -> None:
    assert simulate(20_000, gate=False).hours <= simulate(20_000, gate=True).hours
    assert simulate(20_000, False, 1000).hours <= simulate(20_000, False, 100).hours
    assert simulate(1_000, False).hours < simulate(300_000, False).hours


def test_the_bottleneck_of_a_large_gated_drop_is_people() -> None:
    assert simulate(300_000, gate=True).bottleneck == "review"
    assert simulate(300_000, gate=False).bottleneck != "review"


def test_cost_grows_with_photos_and_process_is_most_of_it() -> None:
    small, large = cost(1_000, 1_000), cost(1_000_000, 1_000_000)
    assert sum(large.values()) == pytest.approx(1000 * sum(small.values()))
    assert max(small, key=lambda name: small[name]) == "process"
