"""Drops that stand still: executions that die, messages that are gone. Reconcile brings each to its end."""

from __future__ import annotations

import contextlib

from bench.faults.case import SKUS, Case
from bench.faults.catalogue import CATALOGUE
from bench.faults.events import intercepted
from bench.faults.workers import next_version
from bench.line import until
from packshot import keys
from packshot_local.stack import Kind, Rule, StackError

stuck = CATALOGUE.area("stuck drops")


@stuck("the execution is stopped in mid-lot", "StopExecution while process works")
def stopped(case: Case) -> None:
    """Its lots are resumed."""
    case.executions, case.succeeded = 2, False
    _stop_in_process(case)
    case.reconciled("stopped")
    case.done()


@stuck("the execution is started again after a deployment", "stopped in mid-lot, process deployed anew, resumed")
def redeployed(case: Case) -> None:
    """Results of the version before are made again, the photos leave once."""
    case.executions, case.succeeded = 2, False
    _stop_in_process(case)
    with next_version(case) as layer, case.deployed("ProcessFunction", paths=(layer,)):
        case.reconciled("stopped")
        case.done()


def _stop_in_process(case: Case) -> None:
    case.send()
    case.lot_is("planned")
    until(lambda: case.said("photo processed", "ProcessFunction"), 240)
    case.stop()
    case.expect(case.line.stack.wait_idle(60), "not idle")


@stuck("the execution is stopped before it has a plan", "StopExecution while plan waits for S3")
def unplanned(case: Case) -> None:
    """It starts anew."""
    case.executions, case.succeeded = 2, False
    with case.wire(Rule(Kind.SLOW, "PlanFunction", "s3", "PutObject", seconds=3.0, most=1)):
        case.send()
        until(lambda: case.struck or case.line.stack.working("PlanFunction"), 120)
        case.stop()
        case.expect(case.line.stack.wait_idle(60), "not idle")
    case.reconciled("stopped")
    case.done()


@stuck("close dies until its message is given up", "SIGKILL at every StartExecution")
def not_started(case: Case) -> None:
    """Closed without an execution: asked for again."""
    with case.wire(Rule(Kind.KILLED, "CloseFunction", "states", "StartExecution")):
        case.send()
        until(lambda: (drop := case.line.store.drops.get(case.drop)) and drop.status == "closed", 120)
        _given_up(case)
    case.reconciled("not started")
    case.done()


@stuck("close dies at its first call until its message is given up", "SIGKILL at every call of close")
def not_closed(case: Case) -> None:
    """A drop that is due: its closing is asked for again."""
    rule = Rule(Kind.KILLED, "CloseFunction")
    with case.wire(rule) as struck:
        case.send()
        until(lambda: struck, 120)
        _given_up(case)
    case.reconciled("not closed", repaired=False)  # due for two hours by that clock: people are told as well
    case.done()


def _given_up(case: Case) -> None:
    """Wait until close's message has gone to its dead-letter queue."""
    case.expect(case.line.stack.wait_idle(120), "close's message is not given up")


@stuck("report fails for good", "every write of report is refused until its retries are used up")
def unreported(case: Case) -> None:
    """Everything has ended, the books are open: its smallest lot is resumed, which leads to the report."""
    case.executions, case.succeeded = 2, False
    with case.wire(Rule(Kind.ERROR, "ReportFunction", "s3", "PutObject", about="report.json")):
        case.send()
        until(lambda: any(e["status"] == "FAILED" for e in case.line.executions(case.drop)), 400)
    case.reconciled("not reported")
    case.done()


@stuck("settle fails for good", "every write of settle to Lots is refused until its retries are used up")
def unsettled(case: Case) -> None:
    """The photos left; the lot is brought to its end."""
    case.executions = 2
    with case.wire(Rule(Kind.ERROR, "SettleFunction", "dynamodb", "UpdateItem")):
        case.send()
        case.done(400)
    case.reconciled("stopped")
    case.lot_is("exported")
    until(lambda: all(e["status"] != "RUNNING" for e in case.line.executions(case.drop)), 120)


@stuck("a photo is in S3 and nobody knows", "its event is lost when the drop is done")
def unrecorded(case: Case) -> None:
    """Its event is sent again; it is late, and counted."""
    case.ends = {"exported": len(SKUS), "rejected": 1}
    case.send()
    case.done()
    with intercepted(case):
        case.line.put(case.drop, "BOX-7_front.jpg", case.photos[SKUS[0]])
    case.reconciled("unrecorded", repaired=False)  # there for two hours by that clock: people are told as well
    until(lambda: "BOX-7_front.jpg" in case.line.records(case.drop), 60)


@stuck("the lots' plans are gone", "stopped in mid-lot, then the work bucket expires")
def plan_gone(case: Case) -> None:
    """People are told; nothing is pretended. When the plan is back, the drop goes on."""
    case.executions, case.succeeded = 2, False
    _stop_in_process(case)
    lot = case.lot()
    if lot is None:
        raise AssertionError("no lot")
    key = keys.lot_key(case.drop, lot.lot)
    plan = case.line.store.work.get_json(key)
    case.line.store.work.delete(key)
    case.reconciled("plan gone", repaired=False)
    case.line.store.work.put_json(key, plan)
    case.reconciled("stopped")
    case.done()


@stuck("an execution runs and nothing moves", "process waits for S3, and reconcile lives eight hours later")
def stalled(case: Case) -> None:
    """People are told; stopped by them, it is resumed."""
    case.executions, case.succeeded = 2, False
    with case.wire(Rule(Kind.SLOW, "ProcessFunction", "s3", "GetObject", about="lots/", seconds=20.0, most=1)):
        case.send()
        case.lot_is("planned")
        until(lambda: case.line.stack.working("ProcessFunction"), 120)
        found = case.reconcile(ahead_s=8 * 3600)
        case.expect([(f["state"], f["repaired"]) for f in found] == [("stalled", False)], f"found {found}")
        case.stop()
    case.expect(case.line.stack.wait_idle(60), "not idle")
    case.reconciled("stopped")
    case.done()


@stuck("reconcile dies when it has resumed", "SIGKILL after StartExecution; its next round comes")
def reconcile_killed(case: Case) -> None:
    """One resume."""
    case.executions, case.succeeded = 2, False
    _stop_in_process(case)
    rule = Rule(Kind.BEREFT, "ReconcileFunction", "states", "StartExecution", most=1)
    with case.wire(rule), contextlib.suppress(StackError):
        case.reconcile()
    case.done()
    case.expect(case.reconcile() == [], "it is stuck still")


@stuck("reconcile's writes lose their answers", "its notes are written, it sees a broken connection")
def reconcile_lost(case: Case) -> None:
    """It knows its own notes, and resumes."""
    case.executions, case.succeeded = 2, False
    _stop_in_process(case)
    with case.wire(Rule(Kind.LOST, "ReconcileFunction", "dynamodb", "PutItem", most=1)):
        case.reconciled("stopped")
    case.done()
