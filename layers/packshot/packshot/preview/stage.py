"""Edges, brush and shadow as a reviewer changes them, by the same imaging code as the batch.

The expensive matte is never found again: the raw one that process kept is painted, moved and softened.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from packshot import keys
from packshot.imaging.brush import paint
from packshot.imaging.cutout import CutOut, RawMatte, Settings, finish, unshaded
from packshot.imaging.decode import PASSED, decode
from packshot.imaging.light import F32, U8
from packshot.imaging.measure import measure
from packshot.imaging.onscreen import reduced, webp, with_shadow
from packshot.plan.lots import Lot, PhotoRef
from packshot.plan.stage import read_lot
from packshot.process.checkpoint import Mattes, Result, read_result, write_result
from packshot.quality.checks import check
from packshot.quality.limits import load_limits
from packshot.quality.score import error_score
from packshot.records import TaskRecord, stored
from packshot.review.desk import RENDERED, find, rendering, require_held
from packshot.review.override import Override
from packshot.review.queue import view
from packshot.review.refusal import Refusal
from packshot.review.views import TaskView
from packshot.store import Conflict, Store
from packshot.store.objects import Missing

KEPT = 6  # photos that one worker keeps between calls, at the largest size and at those asked for
SIDE = 1200  # px, the longest side of a preview unless asked otherwise
LAID_OUT = 1600  # px, the largest size; no preview is larger
UNFINISHED = {"unfinished": True}  # an override that no task has: its pictures are approved by nobody


@dataclass(frozen=True)
class Sitting:
    """One photo laid out for changes, at some scale (1 = full size)."""

    rgb: U8
    raw: RawMatte
    inner: U8 | None
    scale: float
    segment: str
    base: dict[str, Any]

    def cut(self, change: Override) -> CutOut:
        """The photo cut out as the batch did it, but for what was changed."""
        raw = RawMatte(paint(self.raw.matte, change.strokes), self.raw.way, self.raw.numbers, self.raw.notes)
        settings = stored(Settings, change.applied_to(self.base, self.scale))
        backdrop = self.backdrop if settings.shadow.kind == "natural" else None
        return finish(self.rgb, raw, self.segment, settings, self.inner, backdrop=backdrop)

    @cached_property
    def backdrop(self) -> F32:
        """The backdrop without the product: no change of a reviewer moves it."""
        return unshaded(self.rgb)


class Previewer:
    """What one worker keeps between calls: the photos that were asked for last, at screen size."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._laid: OrderedDict[tuple[str, str, int], Sitting] = OrderedDict()

    def preview(self, task_id: str, change: Override, side: int = SIDE) -> bytes:
        """The changed cut-out with its shadow, longest side at most ``side`` px, as WebP. Raises Refusal."""
        task = find(self.store, task_id)
        cut = self._sitting(task, side).cut(change)
        return webp(with_shadow(cut.master, cut.shadow), 80)

    def render(self, task_id: str, who: str, version: int) -> TaskView:
        """Render the task's override at full size over the photo's results, and check the photo again.

        The marker that says with which override the pictures were made is written last, and unmade first: a
        photo whose rendering died half-way cannot be approved. Raises Refusal.
        """
        task = find(self.store, task_id)
        require_held(task, who)
        if task.version != version:
            raise _stale()
        change = stored(Override, task.override)
        ref, result, base = self._results(task)
        sitting = _full(self.store, ref, result, base)
        cut = sitting.cut(change)
        numbers = measure(sitting.rgb, cut.matte, cut.master, cut.shadow, cut.measurements, None)
        marker = keys.photo_key(task.drop, task.photo_id, RENDERED)
        said = {"settings": base, "recipe": result.recipe}
        self.store.work.put_json(marker, {"override": UNFINISHED, **said})
        _write(self.store, task, result, cut, change.applied_to(base), numbers)
        try:
            checked = self.store.tasks.update(
                task_id,
                version,
                by=(who, "rendered"),
                checks=[c.model_dump(mode="json") for c in check(numbers, ref.segment, load_limits())],
                error_score=round(error_score(numbers, ref.segment), 6),
            )
        except Conflict as error:
            raise _stale() from error
        self.store.work.put_json(marker, {"override": task.override, **said})
        return view(checked, who)

    def _sitting(self, task: TaskRecord, side: int) -> Sitting:
        """The task's photo at this size; from memory if its results are still those."""
        recipe = _result(self.store, task).recipe
        sitting = self._keep((task.photo_id, recipe, LAID_OUT), lambda: _small(self._read(task), LAID_OUT))
        return self._keep((task.photo_id, recipe, side), lambda: _small(sitting, side))

    def _keep(self, name: tuple[str, str, int], make: Callable[[], Sitting]) -> Sitting:
        if name not in self._laid:
            self._laid[name] = make()
            while len(self._laid) > KEPT:
                self._laid.popitem(last=False)
        self._laid.move_to_end(name)
        return self._laid[name]

    def _read(self, task: TaskRecord) -> Sitting:
        return _full(self.store, *self._results(task))

    def _results(self, task: TaskRecord) -> tuple[PhotoRef, Result, dict[str, Any]]:
        """The photo as planned, its checkpoint, and the batch's settings (not an earlier override's)."""
        try:
            lot: Lot = read_lot(self.store, task.drop, task.lot)
        except Missing as error:
            raise _gone() from error
        ref = next((r for r in lot.photos if r.photo_id == task.photo_id), None)
        result = _result(self.store, task)
        if ref is None:
            raise _gone()
        marker = rendering(self.store, task.drop, task.photo_id)
        return ref, result, marker["settings"] if marker else result.settings


def _result(store: Store, task: TaskRecord) -> Result:
    """The photo's checkpoint. Raises Refusal when it is gone."""
    result = read_result(store, task.drop, task.photo_id)
    if result is None:
        raise _gone()
    return result


def _full(store: Store, ref: PhotoRef, result: Result, base: dict[str, Any]) -> Sitting:
    """The photo and its raw matte at full size. Raises Refusal when one of them is gone."""
    raw = _raw_matte(store, ref, result, base)
    try:
        rgb = decode(store.incoming.get(ref.key, ref.version).body, PASSED).rgb
        inner = None
        if ref.inner_key:
            inner = decode(store.incoming.get(ref.inner_key, ref.inner_version).body, PASSED).rgb
    except Missing as error:
        raise _gone() from error
    return Sitting(rgb, raw, inner, 1.0, ref.segment, base)


def _raw_matte(store: Store, ref: PhotoRef, result: Result, base: dict[str, Any]) -> RawMatte:
    """The matte that the result was made from: the lot's way, or the stronger one that was tried after it."""
    mattes = Mattes(store, result.engine)
    settings = stored(Settings, base)
    ways = dict.fromkeys((settings.way, "accurate", "auto", "fast"))
    found = [
        raw
        for way in ways
        if (raw := mattes.get(ref.sha256, ref.inner_sha256, ref.segment, settings.model_copy(update={"way": way})))
    ]
    if not found:
        raise _gone()
    return next((raw for raw in found if raw.way == result.way), found[0])


def _small(full: Sitting, side: int) -> Sitting:
    rgb = reduced(full.rgb, side)
    matte = reduced(full.raw.matte, side)
    raw = RawMatte(matte, full.raw.way, full.raw.numbers, full.raw.notes)
    inner = None if full.inner is None else reduced(full.inner, side)
    scale = full.scale * max(rgb.shape[:2]) / max(full.rgb.shape[:2])
    return Sitting(rgb, raw, inner, scale, full.segment, full.base)


def _write(
    store: Store,
    task: TaskRecord,
    before: Result,
    cut: CutOut,
    settings: dict[str, Any],
    numbers: dict[str, float],
) -> None:
    """Write over the batch's results, under the same recipe: a retry of the lot keeps what people changed."""
    if cut.shadow is None:
        store.work.delete(keys.photo_key(task.drop, task.photo_id, "shadow.png"))
    changes = {"settings": settings, "altered": cut.altered, "notes": cut.notes, "measurements": numbers}
    write_result(store, task.drop, before.model_copy(update=changes), cut)


def _gone() -> Refusal:
    return Refusal("gone", "Working files are gone", "The photo's matte has expired: drop the photo again.")


def _stale() -> Refusal:
    return Refusal("conflict", "Changed meanwhile", "The task changed since you loaded it; look at it again.")
