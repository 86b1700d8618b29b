"""Stage process: one bad photo spoils one photo, a retry does no work twice, and no photo kills for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boxes
import numpy as np
import pytest
from botocore.exceptions import ClientError
from cloud import Cloud

from packshot import attempts, keys
from packshot.attempts import ATTEMPTS
from packshot.imaging.cutout import NoProduct, RawMatte
from packshot.imaging.png import decode_png
from packshot.plan.stage import plan_drop, read_lot
from packshot.process import stage
from packshot.process.checkpoint import preview_side, read_result
from packshot.process.stage import Chunk, ChunkDone, OutOfTime, Processor
from packshot.records import PhotoRecord, Status
from packshot.settings import PlanSettings

Act = Callable[[], Any]


class Nets:
    """Plays the networks: finds what differs from the sweep, and does as told with photos of certain shades."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.upsets: dict[int, Act] = {}

    def find(self, rgb: Any, segment: str, settings: Any, networks: Any, inner: Any = None) -> RawMatte:
        self.calls.append(settings.way)
        centre = rgb[200:280, 200:280].mean(axis=(0, 1))
        shades = [np.abs(boxes.draw(n)[0][200:280, 200:280].mean(axis=(0, 1)) - centre).sum() for n in range(3)]
        seed = int(np.argmin(shades))
        if seed in self.upsets:
            self.upsets[seed]()
        return RawMatte(boxes.draw(seed)[1], "fast" if settings.way == "fast" else "accurate", {"certainty": 0.99})


@pytest.fixture
def nets(monkeypatch: pytest.MonkeyPatch) -> Nets:
    made = Nets()
    monkeypatch.setattr(stage, "find_matte", made.find)
    return made


class Bench:
    """A planned drop of three boxes, one lot in one chunk, and a worker for it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.photos = [cloud.accept("d", f"SKU-{n}", boxes.jpeg(boxes.draw(n)[0])) for n in range(3)]
        plan_drop(cloud.store, PlanSettings(canary_size=3), "d", "run")
        self.lot = next(iter(cloud.store.lots.of_drop("d"))).lot
        self.worker = Processor(cloud.store, None, {"model": "a"})  # type: ignore[arg-type]

    def run(self, attempt: int = 0, seconds: float = 900.0) -> ChunkDone:
        chunk = Chunk(drop="d", lot=self.lot, chunk=0, attempt=attempt)
        return self.worker.run(chunk, lambda: seconds)

    def now(self, n: int) -> PhotoRecord:
        return self.cloud.photo(self.photos[n])


@pytest.fixture
def bench(cloud: Cloud, nets: Nets) -> Bench:
    return Bench(cloud)


def fail(error: Exception) -> Act:
    def act() -> None:
        raise error

    return act


def throttled() -> Exception:
    return ClientError({"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "PutObject")


def test_a_chunk_leaves_a_checkpoint_and_pictures_for_each_photo(bench: Bench) -> None:
    assert bench.run() == ChunkDone(done=3)

    for n, photo in enumerate(bench.photos):
        done = read_result(bench.cloud.store, "d", photo.photo_id)
        assert done is not None and (done.width, done.height) == (480, 480)
        assert {"read", "decode", "matte", "finish", "measure"} <= done.seconds.keys()
        master = decode_png(bench.cloud.store.work.get(keys.photo_key("d", photo.photo_id, "master.png")).body)
        matte = decode_png(bench.cloud.store.work.get(keys.photo_key("d", photo.photo_id, "matte.png")).body)
        assert master.shape == (480, 480, 4) and (master[..., 3] == matte).all()
        assert np.abs(matte.astype(int) - boxes.draw(n)[1]).mean() < 1
        assert bench.cloud.store.work.get(keys.photo_key("d", photo.photo_id, "preview.webp")).body[8:12] == b"WEBP"
        assert bench.now(n) == photo, "a verdict is for inspect to give"


def test_a_retry_does_no_photo_twice(bench: Bench, nets: Nets) -> None:
    bench.run()
    before = {entry.key: entry.etag for entry in bench.cloud.store.work.list("photos/")}

    assert bench.run() == ChunkDone(skipped=3)
    assert len(nets.calls) == 3
    assert {entry.key: entry.etag for entry in bench.cloud.store.work.list("photos/")} == before


def test_other_settings_work_from_the_kept_matte(bench: Bench, nets: Nets) -> None:
    bench.run()
    first = read_result(bench.cloud.store, "d", bench.photos[0].photo_id)
    key = keys.lot_key("d", bench.lot)
    lot = bench.cloud.store.work.get_json(key)
    lot["settings"] = {**lot["settings"], "fringe": 0.5}
    bench.cloud.store.work.put_json(key, lot)

    assert bench.run() == ChunkDone(done=3)
    assert len(nets.calls) == 3, "the networks are not asked again"
    again = read_result(bench.cloud.store, "d", bench.photos[0].photo_id)
    assert first is not None and again is not None and again.recipe != first.recipe
    assert again.settings["fringe"] == 0.5


def test_another_model_makes_everything_anew(bench: Bench, nets: Nets) -> None:
    bench.run()
    bench.worker = Processor(bench.cloud.store, None, {"model": "b"})  # type: ignore[arg-type]
    assert bench.run() == ChunkDone(done=3)
    assert len(nets.calls) == 6


def test_a_rework_takes_the_accurate_way(bench: Bench, nets: Nets) -> None:
    bench.run()
    assert bench.run(attempt=1) == ChunkDone(done=3)
    assert nets.calls == ["auto"] * 3 + ["accurate"] * 3
    assert bench.run(attempt=1) == ChunkDone(skipped=3)


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (NoProduct("nothing there"), "NO_PRODUCT", Status.HELD),
        (ValueError("shapes differ"), "PROCESSING_ERROR", Status.FAILED),
    ],
)
def test_a_bad_photo_spoils_only_itself(bench: Bench, nets: Nets, error: Exception, code: str, status: Status) -> None:
    nets.upsets[1] = fail(error)

    assert bench.run() == ChunkDone(done=2, ended=1)
    bad = bench.now(1)
    assert bad.status == status and bad.reason is not None and bad.reason.code == code and bad.ended_at
    letters = bench.cloud.letters()
    assert [letter["photo_id"] for letter in letters] == ([bad.photo_id] if status == Status.FAILED else [])


def test_a_failed_photo_is_not_tried_again_by_the_chunks_retry(bench: Bench, nets: Nets) -> None:
    nets.upsets[1] = fail(ValueError("shapes differ"))
    bench.run()
    assert bench.run() == ChunkDone(skipped=2, ended=1)
    assert len(nets.calls) == 3 and len(bench.cloud.letters()) == 1


def test_a_photo_that_was_deleted_fails_with_its_reason(bench: Bench) -> None:
    bench.cloud.store.incoming.delete(bench.photos[2].key)
    assert bench.run() == ChunkDone(done=2, ended=1)
    gone = bench.now(2)
    assert gone.status == Status.FAILED and gone.reason is not None and gone.reason.code == "SOURCE_MISSING"


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Workers that ended themselves; what they had begun stays begun, as of one that was killed."""
    ended: list[str] = []
    monkeypatch.setattr(attempts, "end_worker", lambda: ended.append("worker"))
    return ended


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("(-4:Insufficient memory) Failed to allocate 9 bytes")])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_photo_that_kills_its_worker_is_set_aside(
    bench: Bench, nets: Nets, deaths: list[str], place: int, error: Exception
) -> None:
    nets.upsets[place] = fail(error)
    for _ in range(ATTEMPTS):
        with pytest.raises(MemoryError):
            bench.run()
    assert len(deaths) == ATTEMPTS and bench.now(place).status == Status.ACCEPTED
    assert bench.run() == ChunkDone(done=2 - place, skipped=place, ended=1)
    aside = bench.now(place)
    assert aside.status == Status.FAILED and aside.reason is not None and aside.reason.code == "WORKER_CRASHED"
    assert [letter["photo_id"] for letter in bench.cloud.letters()] == [aside.photo_id]
    assert bench.run() == ChunkDone(skipped=2, ended=1), "and stays aside"

    nets.upsets.clear()
    bench.cloud.store.photos.update("d", aside.photo_id, status=Status.ACCEPTED, reason=None)  # a person retries it
    assert bench.run() == ChunkDone(done=1, skipped=2)


def test_a_photo_that_comes_back_is_not_suspected_for_the_next(bench: Bench, nets: Nets, deaths: list[str]) -> None:
    """Held ones are worked again by a retry: their place in the chunk alone says nothing."""
    nothing, killer = fail(NoProduct("nothing there")), fail(MemoryError())
    nets.upsets = {0: nothing, 1: killer}
    for _ in range(ATTEMPTS):
        with pytest.raises(MemoryError):
            bench.run()
    assert bench.run() == ChunkDone(done=1, ended=2)
    held, aside = bench.now(0), bench.now(1)
    assert held.reason is not None and held.reason.code == "NO_PRODUCT"
    assert aside.reason is not None and aside.reason.code == "WORKER_CRASHED"


def test_a_worker_may_die_once(bench: Bench, nets: Nets, deaths: list[str]) -> None:
    for attempt in (0, 1):
        nets.upsets[0] = fail(MemoryError())
        with pytest.raises(MemoryError):
            bench.run(attempt=attempt)
        nets.upsets.clear()
        assert bench.run(attempt=attempt) == ChunkDone(done=3)
    assert len(deaths) == 2


def test_a_chunk_takes_two_writes_and_no_look_at_what_cannot_be_there(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    update = bench.cloud.clients["dynamodb"].update_item
    monkeypatch.setattr(
        bench.cloud.clients["dynamodb"], "update_item", lambda **asked: (written.append("x"), update(**asked))[1]
    )
    monkeypatch.setattr(stage, "read_result", lambda *_: pytest.fail("nobody was here before"))
    assert bench.run() == ChunkDone(done=3)
    assert len(written) == 2


def test_throttling_is_not_held_against_the_photo(bench: Bench, nets: Nets) -> None:
    nets.upsets[0] = fail(throttled())
    for _ in range(ATTEMPTS + 2):
        with pytest.raises(ClientError):
            bench.run()
    nets.upsets.clear()

    assert bench.run() == ChunkDone(done=3)
    assert bench.now(0).status == Status.ACCEPTED


def test_a_call_that_runs_out_of_time_stops_between_photos(bench: Bench, nets: Nets) -> None:
    left = iter([900.0, 900.0, 12.0])
    with pytest.raises(OutOfTime):
        bench.worker.run(Chunk(drop="d", lot=bench.lot, chunk=0), lambda: next(left, 12.0))
    assert len(nets.calls) <= 2

    assert bench.run().done + len(nets.calls) >= 3
    assert all(read_result(bench.cloud.store, "d", photo.photo_id) for photo in bench.photos)


def test_the_inside_of_a_garment_has_no_cut_out_of_its_own(cloud: Cloud, nets: Nets) -> None:
    entry = {"sku": "TEE", "title": "A tee", "category": "Apparel"}
    for n, view in ((0, "front"), (1, "inner")):
        cloud.accept("d", "TEE", boxes.jpeg(boxes.draw(n)[0]), view=view, catalog=entry)
    plan_drop(cloud.store, PlanSettings(), "d", "run")
    lot = next(iter(cloud.store.lots.of_drop("d"))).lot
    helper = read_lot(cloud.store, "d", lot).photos[1]

    done = Processor(cloud.store, None, {}).run(Chunk(drop="d", lot=lot, chunk=0), lambda: 900.0)  # type: ignore[arg-type]

    assert done == ChunkDone(done=1, skipped=1)
    assert helper.helper and read_result(cloud.store, "d", helper.photo_id) is None


@pytest.mark.parametrize(
    ("side", "look"), [(800, 1600), (1600, 1600), (2000, 1600), (2400, 1200), (3000, 1500), (6000, 1500)]
)
def test_the_first_look_is_a_whole_part_of_the_photo_where_that_is_large_enough(side: int, look: int) -> None:
    assert preview_side(side) == look
