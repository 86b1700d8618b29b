"""EventBridge's part: what S3 announces, and how events reach a rule's targets."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from jsonpath_ng.ext.parser import parse as parse_path
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events.models import events_backends
from moto.events.utils import EventTemplateParser
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from .records import FunctionSpec, Invocation

log = logging.getLogger(__name__)

_REASONS = {"Put": "PutObject", "Post": "POST Object", "Copy": "CopyObject"}

ASYNC_RETRY_SECONDS = (1.0, 2.0)
"""Waits before the two retries of an asynchronous invocation; Lambda waits one and two minutes."""


def envelope(source: str, kind: str, detail: dict[str, Any], resources: list[str], region: str) -> dict[str, Any]:
    """An EventBridge event with an id of its own and the time now."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": DEFAULT_ACCOUNT_ID,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": resources,
        "detail": detail,
    }


class ObjectEvents:
    """Turns new S3 objects into `Object Created` events, when the request that made them has been answered.

    Waiting for that matters: moto sets an object's metadata after it has announced the object. A request that
    announces one version twice (multipart upload, copy) sends its last announcement only.
    """

    def __init__(self, region: str) -> None:
        self._region = region
        self._request = threading.local()
        self._sequence_lock = threading.Lock()
        self._sequence = 0

    def _next_sequencer(self) -> str:
        with self._sequence_lock:
            self._sequence = max(self._sequence + 1, time.time_ns())
            return f"{self._sequence:016X}"

    def begin_request(self) -> None:
        """Collect from now on what this thread's request announces."""
        self._request.pending = {}

    def end_request(self) -> None:
        """Send what the request announced."""
        pending: dict[Any, dict[str, Any]] = self._request.__dict__.pop("pending", {})
        for event in pending.values():
            self._send(event)

    def announce(self, bucket: Any, key: Any, reason: str) -> None:
        """Note a new object; outside a request its event goes out at once."""
        detail = {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key.name,
                "size": key.size,
                "etag": key.etag.strip('"'),
                **({"version-id": key.version_id} if bucket.is_versioned else {}),
                "sequencer": self._next_sequencer(),
            },
            "request-id": uuid.uuid4().hex[:16].upper(),
            "requester": DEFAULT_ACCOUNT_ID,
            "source-ip-address": "127.0.0.1",
            "reason": _REASONS.get(reason, reason),
        }
        event = envelope("aws.s3", "Object Created", detail, [f"arn:aws:s3:::{bucket.name}"], self._region)
        if hasattr(self._request, "pending"):
            self._request.pending[bucket.name, key.name, key.version_id] = event
        else:
            self._send(event)

    def _send(self, event: dict[str, Any]) -> None:
        publish(event)


def publish(event: dict[str, Any]) -> None:
    """Show an event to every rule of the default bus."""
    backend = events_backends[DEFAULT_ACCOUNT_ID][event["region"]]
    for rule in list(backend.event_buses["default"].rules.values()):
        rule.send_to_targets(event)  # type: ignore[arg-type]


class Delivery:
    """Carries events to targets, and runs asynchronous invocations with Lambda's retries."""

    def __init__(
        self,
        region: str,
        run_function: Callable[[str, bytes], Invocation],
        start_execution: Callable[[str, str], None],
        closing: threading.Event,
    ) -> None:
        self._region = region
        self._run_function = run_function
        self._start_execution = start_execution
        self._closing = closing
        self._executor = ThreadPoolExecutor(max_workers=16, thread_name_prefix="stack-delivery")
        self._lock = threading.Lock()
        self._pending = 0
        self._on_failure: dict[str, str] = {}
        self._retries: dict[str, int] = {}

    @property
    def pending(self) -> int:
        """Events and calls that are under way."""
        return self._pending

    def configure(self, spec: FunctionSpec, retries: int, on_failure_arn: str | None) -> None:
        """Set a function's retries for asynchronous invocations and where the given up ones go."""
        self._retries[spec.name] = retries
        if on_failure_arn:
            self._on_failure[spec.name] = on_failure_arn

    def deliver(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Hand an event to one target of a rule, transformed as the target says."""
        arn: str = target["Arn"]
        body = _input_for(target, {**event, "time": _timestamp(event.get("time"))})
        service = arn.split(":")[2]
        if service == "lambda":
            self.run_later(arn, body.encode())
        elif service == "states":
            self._submit(self._start_execution, arn, body)
        else:
            send_to_arn(arn, body, self._region, target.get("SqsParameters", {}).get("MessageGroupId"))

    def run_later(self, function: str, event: bytes) -> None:
        """Invoke a function asynchronously: up to two retries, then its on-failure destination."""
        self._submit(self._run_with_retries, function, event)

    def _submit(self, work: Callable[..., None], *args: Any) -> None:
        with self._lock:
            self._pending += 1
        self._executor.submit(self._guarded, work, *args)

    def _guarded(self, work: Callable[..., None], *args: Any) -> None:
        try:
            work(*args)
        except Exception:
            if not self._closing.is_set():
                log.exception("an event could not be delivered to %s", args[0])
        finally:
            with self._lock:
                self._pending -= 1

    def _run_with_retries(self, function: str, event: bytes) -> None:
        name = function.split(":function:")[-1].split(":")[0]
        waits = ASYNC_RETRY_SECONDS[: self._retries.get(name, len(ASYNC_RETRY_SECONDS))]
        for wait in (*waits, None):
            result = self._run_function(function, event)
            if result.error is None:
                return
            if wait is None or self._closing.wait(wait):
                break
        self._give_up(name, event, result)

    def _give_up(self, name: str, event: bytes, result: Invocation) -> None:
        log.error("%s failed for good: %s", name, result.payload.decode("utf-8", "replace")[:500])
        if name in self._on_failure:
            body = {
                "version": "1.0",
                "requestContext": {"requestId": result.request_id, "condition": "RetriesExhausted"},
                "requestPayload": json.loads(event),
                "responseContext": {"statusCode": 200, "functionError": result.error},
                "responsePayload": json.loads(result.payload),
            }
            send_to_arn(self._on_failure[name], json.dumps(body), self._region)

    def close(self) -> None:
        """Wait for what is under way; `closing` is set by now, so retries are short."""
        self._executor.shutdown(wait=True, cancel_futures=True)


def send_to_arn(arn: str, body: str, region: str, group: str | None = None) -> None:
    """Send a message to a queue, topic or event bus by its ARN."""
    service, name = arn.split(":")[2], arn.split(":")[-1]
    if service == "sqs":
        sqs_backends[DEFAULT_ACCOUNT_ID][region].send_message(queue_name=name, message_body=body, group_id=group)
    elif service == "sns":
        sns_backends[DEFAULT_ACCOUNT_ID][region].publish(message=body, arn=arn)
    elif service == "logs":
        log.info("event for log group %s: %s", arn, body)
    else:
        log.error("the local stack delivers nothing to %s", arn)


def _timestamp(moment: Any) -> str:
    """EventBridge's form of a time that moto may hold as seconds since the epoch."""
    if isinstance(moment, str) and "T" in moment:
        return moment
    seconds = float(moment) if moment else time.time()
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _input_for(target: dict[str, Any], event: dict[str, Any]) -> str:
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        found = parse_path(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None)
    if transformer := target.get("InputTransformer"):
        timed: Any = {"ingestion-time": time.time(), **event}
        template, paths = transformer["InputTemplate"], dict(transformer.get("InputPathsMap", {}))
        return json.dumps(EventTemplateParser.parse(template, paths, timed))
    return json.dumps({name: value for name, value in event.items() if name != "ingestion-time"})
