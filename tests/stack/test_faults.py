"""Faults at the wire: what a function sees of each, what was done all the same, and whom they leave alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from small import Bench

from packshot_local.stack import Kind, Rule, StackError
from packshot_local.stack.faults import Call

WRITES = {"function": "Worker", "service": "dynamodb", "operation": "UpdateItem"}


def count(bench: Bench, key: str) -> int:
    item = bench.item(f"record#{key}")
    return int(item["count"]["N"]) if item else 0


@contextmanager
def deployed(bench: Bench, **env: str) -> Iterator[None]:
    before = bench.stack.reconfigure("Worker", lambda spec: dataclasses.replace(spec, env={**spec.env, **env}))
    try:
        yield
    finally:
        bench.stack.reconfigure("Worker", lambda _: before)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Kind.ERROR, 1),
        (Kind.UNAVAILABLE, 1),
        (Kind.THROTTLED, 1),
        (Kind.BROKEN, 1),
        (Kind.SLOW, 1),
        (Kind.TRUNCATED, 2),  # done, and done again by the client, which saw no answer
        (Kind.LOST, 2),
        (Kind.DENIED, 2),
    ],
)
def test_a_call_that_fails_once_is_made_again_by_the_client(bench: Bench, kind: Kind, written: int) -> None:
    with bench.stack.faults.injected(Rule(kind, **WRITES, most=1, seconds=0.1)) as struck:
        assert bench.stack.invoke("Worker", {"do": "record", "key": kind}).error is None
    assert [(k, call.function, call.service, call.operation) for k, call in struck] == [
        (kind, "Worker", "dynamodb", "UpdateItem")
    ]
    assert count(bench, kind) == written


@pytest.mark.parametrize(("kind", "written"), [(Kind.KILLED, 0), (Kind.BEREFT, 1)])
def test_a_worker_is_killed_at_its_call(bench: Bench, kind: Kind, written: int) -> None:
    with bench.stack.faults.injected(Rule(kind, **WRITES, most=1)):
        result = bench.stack.invoke("Worker", {"do": "record", "key": kind})
    assert result.error and b"signal: killed" in result.payload
    assert count(bench, kind) == written


def test_a_call_that_always_fails_fails_with_the_services_own_word(bench: Bench) -> None:
    throttled = Rule(Kind.THROTTLED, **WRITES)
    with deployed(bench, AWS_MAX_ATTEMPTS="2"), bench.stack.faults.injected(throttled) as struck:
        result = bench.stack.invoke("Worker", {"do": "record", "key": "always"})
    with pytest.raises(StackError, match="ProvisionedThroughputExceededException"):
        result.value()
    assert len(struck) == 2 and count(bench, "always") == 0


def test_rules_say_which_calls_and_how_many(bench: Bench) -> None:
    rules = (
        Rule(Kind.LOST, function="Intake"),
        Rule(Kind.LOST, service="s3"),
        Rule(Kind.LOST, operation="PutItem"),
        Rule(Kind.LOST, about="record#other"),
        Rule(Kind.LOST, function="Worker", about="record#chosen", after=1, most=1),
    )
    with bench.stack.faults.injected(*rules) as struck:
        for _ in range(4):
            bench.stack.invoke("Worker", {"do": "record", "key": "chosen"}).value()
    assert len(struck) == 1 and count(bench, "chosen") == 5


def test_a_share_is_drawn_by_its_seed(bench: Bench) -> None:
    def drawn(seed: int) -> int:
        with bench.stack.faults.injected(Rule(Kind.SLOW, **WRITES, share=0.5, seed=seed)) as struck:
            for _ in range(16):
                bench.stack.invoke("Worker", {"do": "record", "key": "share"}).value()
        return len(struck)

    first = drawn(1)
    assert 0 < first < 16 and drawn(1) == first


def test_who_owns_the_stack_is_left_alone_and_so_is_everybody_afterwards(bench: Bench) -> None:
    with bench.stack.faults.injected(Rule(Kind.ERROR)) as struck:
        bench.put("owner.txt")
        assert bench.stack.client("s3").get_object(Bucket=bench.bucket, Key="owner.txt")["Body"].read() == b"x"
    assert not [call for _, call in struck if "owner.txt" in call.text] and bench.stack.faults.off
    bench.stack.invoke("Worker", {"do": "record", "key": "after"}).value()
    assert count(bench, "after") == 1


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "HeadObject", "DeleteObject", "ListObjectsV2"])
def test_calls_to_s3_are_told_apart(bench: Bench, operation: str) -> None:
    environment = {"HTTP_USER_AGENT": "Boto3/1 app/Worker-0", "PATH_INFO": "/bucket/some/key"}
    scope = "AWS4-HMAC-SHA256 Credential=local/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host"
    environment |= {"HTTP_AUTHORIZATION": scope, "REQUEST_METHOD": operation[:4].rstrip("OL").upper()}
    if operation == "ListObjectsV2":
        environment |= {"REQUEST_METHOD": "GET", "PATH_INFO": "/bucket", "QUERY_STRING": "list-type=2&prefix="}
    elif operation == "DeleteObject":
        environment["REQUEST_METHOD"] = "DELETE"
    call = Call.of(environment, b"")
    assert call is not None and (call.service, call.operation) == ("s3", operation)


def test_a_function_that_is_deployed_anew_ends_its_call_as_it_began(bench: Bench) -> None:
    old = bench.stack.invoke("Worker", {}).value()
    with deployed(bench, QUALITY="next"):
        new = bench.stack.invoke("Worker", {}).value()
        assert (old["quality"], new["quality"]) == ("best", "next") and old["pid"] != new["pid"]
    assert bench.stack.invoke("Worker", {}).value()["quality"] == "best"
