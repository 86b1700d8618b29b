"""The lot panel: what the sample proves, how far it is, and what the next decision leads to."""

from __future__ import annotations

from packshot.quality.lots import decide_lot
from packshot.quality.sampling import Plan, explain, oc
from packshot.records import LotRecord, TaskRecord, TaskState
from packshot.review.queue import view
from packshot.review.refusal import Refusal
from packshot.review.views import LotPanel
from packshot.store import Store

SAMPLE = "sample"
NO_SAMPLE = "No photo of this lot passed by the checks alone, so there is no sample: each one is looked at."


def panel(store: Store, drop: str, lot_id: str, who: str) -> LotPanel:
    """A lot with its sample. Raises Refusal when there is none."""
    lot = store.lots.get(drop, lot_id)
    if lot is None:
        raise Refusal("not-found", "No such lot", "It was never planned, or its drop was removed.")
    mine = set(lot.task_ids)  # of this attempt: a lot that was reworked has older ones too
    tasks = sorted((t for t in store.tasks.of_lot(lot_id) if t.task_id in mine), key=lambda t: t.task_id)
    sample = [task for task in tasks if task.why == SAMPLE]
    others = [task for task in tasks if task.why != SAMPLE]
    defects = sum(task.decision == "reject" for task in sample)
    decided = _decided(sample)
    others_left = len(others) - _decided(others)
    plan = Plan(lot.sample_size, lot.acceptance_number, "share", "Plan in force")
    return LotPanel(
        lot=lot.model_copy(update={"token": ""}),  # whoever holds the token can open the gate
        sample_tasks=len(sample),
        sample_decided=decided,
        defects=defects,
        other_tasks=len(others),
        other_decided=_decided(others),
        plan=explain(plan, lot.size) if sample else NO_SAMPLE,
        curve=oc(plan, lot.size) if sample else [],
        on_approve=_after(lot, plan, defects, decided, others_left),
        on_reject=_after(lot, plan, defects + 1, decided, others_left),
        tasks=[view(task, who) for task in tasks],
    )


def _decided(tasks: list[TaskRecord]) -> int:
    return sum(task.state == TaskState.DECIDED for task in tasks)


def _after(lot: LotRecord, plan: Plan, defects: int, decided: int, others_left: int) -> str:
    """What one more decision on the sample does to the lot, in one sentence. The gate decides alike."""
    if lot.decision:
        return f"The lot's decision is taken: {lot.decision}."
    left = lot.sample_size - decided - 1
    if left < 0:
        return "The sample is complete: this photo is decided on its own."
    outcome = decide_lot(lot, defects, decided + 1, plan, lot.attempt)
    counted = f"{defects} defective, {plan.ac} allowed"
    if outcome == "accept" and left + others_left:
        return f"{counted}: the lot will pass once the other {left + others_left} tasks are decided."
    return {
        "wait": f"{counted}: {left} more of the sample to look at.",
        "accept": f"{counted}: the lot is accepted and exported.",
        "rework": f"{counted}: the lot is refused and done once more, the accurate way.",
        "hold": f"{counted}: the lot is refused again, held and escalated.",
    }[outcome]
