"""The review gate: what a lot's tasks decide, and waking the execution that waits for it.

The decision lives on the lot's record; the task token only wakes an execution. When the token has died, the
lot is resumed by a new execution that finds every earlier step done and the decision taken.
"""

from __future__ import annotations

import hashlib

from packshot.quality.lots import decide_lot
from packshot.quality.sampling import Plan
from packshot.records import LotRecord, LotStatus, TaskRecord, TaskState
from packshot.store import Conflict, Store

REFUSED = ("rework", "hold")
STATUS = {"accept": LotStatus.ACCEPTED, "rework": LotStatus.PLANNED, "hold": LotStatus.HELD}


def open_gate(store: Store, drop: str, lot: str, token: str) -> str:
    """An execution waits with this token: note it, and wake it at once if the lot is decided already."""
    store.lots.update(drop, lot, token=token)
    return settle_lot(store, drop, lot)


def settle_lot(store: Store, drop: str, lot: str) -> str:
    """Count the lot's verdicts; once they decide it, record that and wake or start what goes on with it.

    Called after each verdict and when the gate opens; calling it again changes nothing. Returns the decision,
    ``wait`` while there is none. Raises LookupError when there is no such lot.
    """
    record = store.lots.get(drop, lot)
    if record is None:
        raise LookupError(f"there is no lot {lot} in drop {drop}")
    if not record.decision:
        tasks = [task for name in record.task_ids if (task := store.tasks.get(name)) is not None]
        decision = _decision(record, tasks) if _complete(record, tasks) else "wait"
        store.lots.update(drop, lot, decided=_decided(tasks), defects=_defects(tasks))
        if decision == "wait":
            return decision
        _write(store, record, decision)
        record = store.lots.get(drop, lot) or record
    if record.decision in REFUSED:
        _close_the_rest(store, record)
    _wake(store, record)
    return record.decision


def _complete(record: LotRecord, tasks: list[TaskRecord]) -> bool:
    """Whether the lot is inspected and all its tasks are written: before that nothing can be decided."""
    return bool(tasks) and len(tasks) == len(record.task_ids)


def _decision(record: LotRecord, tasks: list[TaskRecord]) -> str:
    sample = [t for t in tasks if t.why == "sample"]
    plan = Plan(record.sample_size, record.acceptance_number, "share", "")
    decided, defects = _decided(sample), _defects(sample)
    decision = decide_lot(record, defects, decided, plan, record.attempt)
    # Flagged and altered photos do not count against the lot, but it leaves only when all were looked at.
    if decision == "accept" and any(t.state != TaskState.DECIDED for t in tasks):
        return "wait"
    return decision


def _decided(tasks: list[TaskRecord]) -> int:
    return sum(t.state == TaskState.DECIDED for t in tasks)


def _defects(tasks: list[TaskRecord]) -> int:
    return sum(t.state == TaskState.DECIDED and t.decision == "reject" for t in tasks)


def _write(store: Store, record: LotRecord, decision: str) -> None:
    """Record the decision once. A lot that was exported before its sample was refused is recalled."""
    exported = record.status == LotStatus.EXPORTED
    if exported and decision != "accept":
        if store.lots.decide(record.drop, record.lot, record.attempt, decision="hold", status=LotStatus.RECALLED):
            store.notices.systems("LotRecalled", {"drop": record.drop, "lot": record.lot})
            text = f"Lot {record.lot} of drop {record.drop} was exported, then refused by its sample. Recall it."
            store.notices.people("packshot: lot recalled", text)
        return
    status = LotStatus.EXPORTED if exported else STATUS[decision]
    store.lots.decide(record.drop, record.lot, record.attempt, decision=decision, status=status)


def _close_the_rest(store: Store, record: LotRecord) -> None:
    """A refused lot is done again or held as a whole: what of it still waits in the queue is nobody's work."""
    for name in record.task_ids:
        task = store.tasks.get(name)
        if task is None or task.state not in (TaskState.OPEN, TaskState.CLAIMED):
            continue
        try:
            store.tasks.supersede(name, f"superseded: the lot is refused ({record.decision})")
        except Conflict:
            continue  # decided at this very moment; that verdict stands and changes nothing


def _wake(store: Store, record: LotRecord) -> None:
    recalled = record.status == LotStatus.RECALLED
    if not record.token and not recalled:
        return  # the gate is not reached yet (it asks again then), or export went ahead and stands
    if record.token and store.workflow.answer(record.token, {"decision": record.decision}):
        # Else the next verdict would find this token dead, and start a second execution beside the first.
        store.lots.spend_token(record.drop, record.lot, record.token)
        return
    if record.status == LotStatus.EXPORTED:
        return
    what = f"{record.lot}.{record.attempt}.{record.decision}.{record.token}"
    name = f"{record.drop}-{hashlib.sha256(what.encode()).hexdigest()[:12]}"
    store.workflow.start(name, {"drop": record.drop, "lots": [record.lot]})
