"""Work one chunk of a lot. One bad photo spoils one photo: it is recorded, and the chunk goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools import Logger

from packshot.attempts import Attempt, out_of_memory
from packshot.ends import end_photo
from packshot.imaging.cutout import CutOut, NoProduct, RawMatte, Settings, find_matte, finish
from packshot.imaging.decode import PASSED, ImageRefused, decode
from packshot.imaging.measure import measure
from packshot.imaging.networks import Networks
from packshot.plan.lots import Lot, PhotoRef
from packshot.plan.stage import read_lot
from packshot.process.checkpoint import Mattes, Result, read_result, recipe, write_result
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.quality.score import error_score
from packshot.quality.verdict import escalate
from packshot.reasons import reason
from packshot.records import Reason, Record, Verdict, stored
from packshot.store import AWS_ERRORS, Conflict, Store
from packshot.store.objects import Missing

logger = Logger(child=True)
OPINIONS = ("certainty", "disagreement")


class OutOfTime(RuntimeError):
    """The call's time is nearly over; what is left is done by the retry."""


class Chunk(Record):
    """What the state machine asks for."""

    drop: str
    lot: str
    chunk: int
    attempt: int = 0


class ChunkDone(Record):
    """What became of a chunk's photos."""

    done: int = 0
    skipped: int = 0
    ended: int = 0


@dataclass
class Clock:
    """Wall seconds by step, and the time that is left of this call."""

    remaining_s: Callable[[], float]
    need_s: float = 30.0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Any:
        """Adds the time of a with-block to a step."""
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 4)


class Processor:
    """What one worker keeps between photos: the store, the networks, and what they are."""

    def __init__(self, store: Store, networks: Networks, engine: dict[str, str]) -> None:
        self.store, self.networks, self.engine = store, networks, engine
        self.mattes = Mattes(store, engine)

    def run(self, chunk: Chunk, remaining_s: Callable[[], float]) -> ChunkDone:
        """Work a chunk. Raises OutOfTime before the call's time ends; photos that are done stay done."""
        lot = read_lot(self.store, chunk.drop, chunk.lot)
        settings = lot_settings(lot, chunk.attempt)
        answer, refs = ChunkDone(), lot.chunks[chunk.chunk]
        with Attempt(self.store, lot.drop, refs[0].photo_id, "process") as attempt:
            for ref in refs:
                clock = Clock(remaining_s)
                if remaining_s() < clock.need_s:
                    raise OutOfTime(f"{remaining_s():.0f} s left for {chunk.lot} chunk {chunk.chunk}")
                name = recipe(ref.sha256, ref.inner_sha256, ref.segment, settings, self.engine)
                if ref.helper or (not attempt.first and self._is_done(lot, ref, name)):
                    answer.skipped += 1
                elif self._guarded(attempt, ref, lambda: self._tried(lot, ref, settings, name, clock)):  # noqa: B023
                    answer.done += 1
                    logger.info("photo processed", extra={"photo_id": ref.photo_id, "seconds": clock.seconds})
                else:
                    answer.ended += 1
        return answer

    def _is_done(self, lot: Lot, ref: PhotoRef, name: str) -> bool:
        before = read_result(self.store, lot.drop, ref.photo_id)
        return before is not None and before.recipe == name

    def _guarded(self, attempt: Attempt, ref: PhotoRef, work: Callable[[], Reason | None]) -> bool:
        """Work one photo; False when it came to an end here (failed or held), with the reason recorded."""
        try:
            why = attempt.at(ref.photo_id, work)
        except Conflict:
            return False  # it came to its end in an earlier call for this chunk
        if why is not None:
            end_photo(self.store, attempt.drop, ref.photo_id, why, stage="process")
        return why is None

    def _tried(self, lot: Lot, ref: PhotoRef, settings: Settings, name: str, clock: Clock) -> Reason | None:
        """Work one photo; the reason if it comes to an end by that. Errors of AWS propagate."""
        try:
            self._work(lot, ref, settings, name, clock)
        except NoProduct as error:
            return reason("NO_PRODUCT", detail=str(error))
        except Missing:
            return reason("SOURCE_MISSING")
        except ImageRefused as error:
            return error.reason
        except AWS_ERRORS:
            raise  # not the photo's fault: the whole call is retried
        except Exception as error:  # whatever a photo does, it spoils only itself
            if out_of_memory(error):
                raise MemoryError(str(error)) from error
            logger.exception("photo failed", extra={"drop": lot.drop, "photo_id": ref.photo_id})
            return reason("PROCESSING_ERROR", detail=f"{type(error).__name__}: {error}")
        return None

    def _work(self, lot: Lot, ref: PhotoRef, settings: Settings, name: str, clock: Clock) -> None:
        with clock.step("read"):
            data = self.store.incoming.get(ref.key, ref.version).body
        with clock.step("decode"):
            rgb = decode(data, PASSED).rgb
            inner = None
            if ref.inner_key:
                inner = decode(self.store.incoming.get(ref.inner_key, ref.inner_version).body, PASSED).rgb
        raw, cut, numbers = self._cut(ref, rgb, inner, settings, clock)
        stronger = escalate(_quick_verdict(numbers, ref.segment), settings.way)
        if stronger is not None:
            # A stronger way is tried once, here, while the photo is in memory; the better of the two stays.
            again = settings.model_copy(update={"way": stronger})
            other = self._cut(ref, rgb, inner, again, clock)
            if error_score(other[2], ref.segment) < error_score(numbers, ref.segment):
                settings, (raw, cut, numbers) = again, other
        with clock.step("write"):
            result = Result(
                photo_id=ref.photo_id, recipe=name, engine=self.engine, settings=settings.to_dict(),
                profile_version=lot.profile_version, way=raw.way, altered=cut.altered, notes=cut.notes,
                width=rgb.shape[1], height=rgb.shape[0], measurements=numbers, seconds=clock.seconds,
            )  # fmt: skip
            write_result(self.store, lot.drop, result, cut)

    def _cut(
        self, ref: PhotoRef, rgb: Any, inner: Any, settings: Settings, clock: Clock
    ) -> tuple[RawMatte, CutOut, dict[str, float]]:
        with clock.step("matte"):
            raw = self.mattes.get(ref.sha256, ref.inner_sha256, ref.segment, settings)
            if raw is None:
                raw = find_matte(rgb, ref.segment, settings, self.networks)
                self.mattes.put(ref.sha256, ref.inner_sha256, ref.segment, settings, raw)
        with clock.step("finish"):
            cut = finish(rgb, raw, ref.segment, settings, inner)
        with clock.step("measure"):
            said = {name: cut.measurements[name] for name in OPINIONS if name in cut.measurements}
            numbers = {**cut.measurements, **measure(rgb, cut.matte, cut.master, cut.shadow, said)}
        return raw, cut, numbers


def lot_settings(lot: Lot, attempt: int) -> Settings:
    """The lot's settings; a rework (attempt 1) takes the accurate way."""
    settings = stored(Settings, lot.settings)
    return settings.model_copy(update={"way": "accurate"}) if attempt else settings


def _quick_verdict(numbers: dict[str, float], segment: str) -> Verdict:
    """The photo's verdict by itself, before its lot is known."""
    limits = load_limits()
    broken = [c for c in check(numbers, segment, limits) if not c.passed]
    fatal = any(limits.fatal(c.name, c.value, segment) for c in broken)
    return Verdict.FAIL if fatal else Verdict.PASS
