"""Faults while people decide: gates, leases, verdicts, what is learnt of them."""

from __future__ import annotations

from bench.faults.case import Case
from bench.faults.catalogue import CATALOGUE
from packshot_local.stack import Kind, Rule

people = CATALOGUE.area("review")


def _review(case: Case, *rules: Rule, least: int = 1) -> None:
    """The drop up to its gate, then all its tasks are approved under faults."""
    with case.gated():
        case.send()
        tasks = case.waiting()
        with case.wire(*rules):
            case.approve(tasks)
            case.done()
            case.expect(case.line.stack.wait_idle(60), "not idle")
    case.expect(case.struck >= least, "nothing struck")


@people("the answer that wakes the gate is lost", "SendTaskSuccess is done, the function sees a broken connection")
def waking_lost(case: Case) -> None:
    """The execution goes on, no second one starts."""
    _review(case, Rule(Kind.LOST, service="states", operation="SendTaskSuccess", most=1))


@people("waking the gate is throttled", "SendTaskSuccess is refused twice")
def waking_throttled(case: Case) -> None:
    """It is tried again."""
    _review(case, Rule(Kind.THROTTLED, service="states", operation="SendTaskSuccess", most=2), least=2)


@people("answers of claims and verdicts are lost", "two writes to Tasks are done, the API sees a broken connection")
def verdict_lost(case: Case) -> None:
    """The reviewer is told what was done, not that somebody else was first."""
    _review(case, Rule(Kind.LOST, "ReviewFunction", "dynamodb", "UpdateItem", most=2), least=2)


@people("review dies between verdict and gate", "SIGKILL after the last verdict is written; the browser asks again")
def review_killed(case: Case) -> None:
    """The same verdict again is answered alike, and counts."""
    with case.gated():
        case.send()
        tasks = case.waiting()
        case.approve(tasks[:-1])
        version = case.claim(tasks[-1])
        with case.wire(Rule(Kind.BEREFT, "ReviewFunction", "dynamodb", "UpdateItem", about='"decided_at"', most=1)):
            case.expect(case.decide(tasks[-1], version)[0] == 0, "review did not die")
        status, answer = case.decide(tasks[-1], version)
        case.expect(status == 200, f"again: {status} {answer}")
        case.done()


@people("review dies and nobody asks again", "SIGKILL after the last verdict is written; reconcile counts it")
def verdict_uncounted(case: Case) -> None:
    """Found as not decided."""
    with case.gated():
        case.send()
        tasks = case.waiting()
        case.approve(tasks[:-1])
        version = case.claim(tasks[-1])
        with case.wire(Rule(Kind.BEREFT, "ReviewFunction", "dynamodb", "UpdateItem", about='"decided_at"', most=1)):
            case.expect(case.decide(tasks[-1], version)[0] == 0, "review did not die")
        case.reconciled("not decided")
        case.done()


@people("the gate's execution died", "it is stopped while it waits; people decide afterwards")
def dead_token(case: Case) -> None:
    """A new execution finds the decision."""
    case.executions, case.succeeded = 2, False
    with case.gated():
        case.send()
        tasks = case.waiting()
        case.stop()
        case.struck = 1
        case.approve(tasks)
        case.done()


@people("inspect dies while it opens the gate", "SIGKILL after the token is noted")
def gate_half_open(case: Case) -> None:
    """The retry waits with its own token."""
    rule = Rule(Kind.BEREFT, "InspectFunction", "dynamodb", "UpdateItem", about='"#f0": "token"', most=1)
    with case.gated(), case.wire(rule):
        case.send()
        case.approve(case.waiting())
        case.done()
    case.expect(case.struck, "nothing struck")


@people("a lease runs out", "a reviewer goes away with a claimed photo; another decides, then the first")
def lease_lost(case: Case) -> None:
    """One verdict."""
    with case.gated():
        case.send()
        tasks = case.waiting()
        mine = case.claim(tasks[0], "ann")
        case.expect(case.ask("POST", f"/v1/tasks/{tasks[0].task_id}/claim", who="bob")[0] == 409, "taken twice")
        with case.deployed("ReviewFunction", FAULT_CLOCK_S="3600"):  # an hour later
            theirs = case.claim(tasks[0], "bob")
            case.expect(case.decide(tasks[0], mine, "ann")[0] == 409, "the first one decided too")
            case.expect(case.decide(tasks[0], theirs, "bob")[0] == 200, "the second one may not decide")
            case.struck = 1
            case.approve(tasks[1:])
        case.done()


@people("learn dies when it has counted", "SIGKILL after its first write; the stream delivers the batch again")
def learn_killed(case: Case) -> None:
    """Outcomes and inspections count once."""
    _review(case, Rule(Kind.BEREFT, "LearnFunction", "dynamodb", "PutItem", most=1))


@people("learn's writes lose their answers", "each of its first four puts is done, it sees a broken connection")
def learn_lost(case: Case) -> None:
    """Outcomes and inspections count once."""
    _review(case, Rule(Kind.LOST, "LearnFunction", "dynamodb", "PutItem", most=4), least=2)


@people("learn is throttled", "its first seven calls, more than clients retry")
def learn_throttled(case: Case) -> None:
    """The batch comes again."""
    _review(case, Rule(Kind.THROTTLED, "LearnFunction", "dynamodb", most=7), least=7)
