"""What must hold when a faulty drop is through: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bench.faults.case import CHANNEL, Case
from packshot import keys
from packshot.records import DropStatus, TaskState
from packshot.report import audit


@dataclass
class Outcome:
    """What became of a case."""

    struck: int
    ends: dict[str, int]
    executions: int
    wrong: list[str]
    seconds: float


def outcome(case: Case) -> Outcome:
    """Look at the books, and at everything that might have been done twice."""
    wrong = [*_books(case), *_once(case)]
    numbers = audit(case.line.store, case.drop)
    ends = {name: getattr(numbers, name) for name in ("exported", "held", "failed", "rejected")}
    return Outcome(
        struck=case.struck,
        ends={name: count for name, count in ends.items() if count},
        executions=len(case.line.executions(case.drop)),
        wrong=wrong,
        seconds=time.monotonic() - case.began,
    )


def _books(case: Case) -> Iterator[str]:
    """Nothing is lost."""
    numbers = audit(case.line.store, case.drop)
    if not numbers.balanced:
        yield f"the books do not balance: {numbers}"
    for name in ("exported", "held", "failed", "rejected"):
        if getattr(numbers, name) != case.ends.get(name, 0):
            yield f"{getattr(numbers, name)} {name}, not {case.ends.get(name, 0)}"
    record = case.line.store.drops.get(case.drop)
    if record is None or record.status is not DropStatus.DONE:
        yield "the drop is not done"
    failed = {r.photo_id for r in case.line.records(case.drop).values() if r.status == "failed"}
    letters = {letter["photo_id"] for letter in case.line.letters() if letter["drop"] == case.drop}
    if failed != letters:
        yield f"{len(failed)} failed, {len(letters)} of them in the dead-letter queue"


def _once(case: Case) -> Iterator[str]:
    """Nothing is done twice."""
    line = case.line
    executions = line.executions(case.drop)
    if len(executions) != case.executions:
        yield f"{len(executions)} executions, not {case.executions}"
    if case.succeeded and any(e["status"] != "SUCCEEDED" for e in executions):
        yield f"executions ended as {[e['status'] for e in executions]}"
    exports = {name: digest(body) for name, body in line.exports(case.drop).items()}
    usual = {name for name in exports if name.startswith(f"{CHANNEL}/")}
    if strange := {name for name in usual if exports[name] != case.plain.get(name)}:
        yield f"other bytes than undisturbed: {sorted(strange)}"
    channels = {name.split("/")[0] for name in exports}
    there = [e.key for name in channels for e in line.store.output.list(f"exports/{name}/{case.drop}/")]
    if len(there) != len(exports):
        yield f"{len(there)} files for {len(exports)} exports"
    manifest = line.store.output.get_json(keys.report_key(case.drop, "manifest.json"))
    names = Counter(entry["name"] for entry in manifest["files"]) if "files" in manifest else Counter()
    if any(count > 1 for count in names.values()):
        yield f"listed twice in the manifest: {names}"
    if (counted := _metric(case, "PhotosExported")) > len(usual):
        yield f"the metric counts {counted} exports of {len(usual)} photos"
    yield from _verdicts_once(case)


def _verdicts_once(case: Case) -> Iterator[str]:
    lot = case.lot()
    if lot is None:
        return
    tasks = [task for name in lot.task_ids if (task := case.line.store.tasks.get(name)) is not None]
    decided = [task for task in tasks if task.state == TaskState.DECIDED]
    if lot.decided != len(decided):
        yield f"the lot counts {lot.decided} verdicts of {len(decided)}"
    names = [body["outcome"]["photo_id"] for body in case.line.store.profiles.list(lot.segment, "outcome#")]
    learnt = [name for name in names if name in {task.photo_id for task in decided}]
    if len(learnt) != len({task.photo_id for task in decided}):
        yield f"{len(learnt)} outcomes learnt from {len(decided)} verdicts"
    switch, _ = case.line.store.profiles.get(lot.segment, "switch")
    counted = [name for name, _ in switch["events"]].count(lot.lot) if switch else 0
    if counted != (1 if decided and not lot.attempt else 0):
        yield f"the lot's inspection is counted {counted} times"


def _metric(case: Case, name: str) -> int:
    fields = [line.fields for line in case.line.lines[case.heard :] if line.fields]
    return int(sum(sum(entry[name]) for entry in fields if "_aws" in entry and name in entry))


def digest(body: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(body).hexdigest()
