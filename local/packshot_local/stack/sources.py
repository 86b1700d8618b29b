"""Lambda's event sources: pollers that read queues and table streams and hand batches to functions."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import Message, sqs_backends

from .events import send_to_arn
from .records import Invocation, StackError
from .workers import Pools

log = logging.getLogger(__name__)

REDELIVERY_SECONDS = 1
"""After a failure a message comes again so soon. AWS waits for the queue's visibility time-out, which is
minutes."""

LONGEST_WINDOW_SECONDS = 0.05
"""How long a queue's batch waits here at most to become full. AWS's windows save calls, which cost money there; here
a call costs some ms, and what waits is a drop's last photos and the marker that it is complete."""

STREAM_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Mapping:
    """One AWS::Lambda::EventSourceMapping, resolved."""

    source_arn: str
    function: str
    batch_size: int
    window_seconds: float
    reports_failures: bool
    concurrency: int
    retries: int
    on_failure_arn: str | None
    from_start: bool

    @classmethod
    def from_properties(cls, logical_id: str, properties: dict[str, Any]) -> Mapping:
        """Read resolved CloudFormation properties; raises StackError for what the pollers do not do."""
        for unknown in ("FilterCriteria", "TumblingWindowInSeconds", "ParallelizationFactor"):
            if unknown in properties:
                raise StackError(f"{logical_id}: {unknown} of an event source is not run locally")
        service = properties["EventSourceArn"].split(":")[2]
        if service not in ("sqs", "dynamodb"):
            raise StackError(f"{logical_id}: the local stack polls queues and table streams, not {service}")
        scaling = properties.get("ScalingConfig", {})
        destination = properties.get("DestinationConfig", {}).get("OnFailure", {})
        return cls(
            source_arn=properties["EventSourceArn"],
            function=properties["FunctionName"],
            batch_size=int(properties.get("BatchSize", 10 if service == "sqs" else 100)),
            window_seconds=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            concurrency=int(scaling.get("MaximumConcurrency", 1000)),
            retries=int(properties.get("MaximumRetryAttempts", -1)),
            on_failure_arn=destination.get("Destination"),
            from_start=properties.get("StartingPosition") == "TRIM_HORIZON",
        )


def failed_items(result: Invocation, identifiers: list[str]) -> set[str]:
    """Which records of a batch failed, by Lambda's rules for `batchItemFailures`.

    All of them when the function failed or answered something malformed; none when it answered nothing.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if result.error:
        return set(identifiers)
    answer = json.loads(result.payload or b"null")
    if not answer:
        return set()
    if not isinstance(answer, dict):
        return set(identifiers)
    failures = answer.get("batchItemFailures") or []
    try:
        named = {failure["itemIdentifier"] for failure in failures}
    except (KeyError, TypeError):
        return set(identifiers)
    return named if named <= set(identifiers) else set(identifiers)


class Source(ABC):
    """A poller with its threads."""

    def __init__(self, mapping: Mapping, pools: Pools, region: str, closing: threading.Event) -> None:
        self.mapping = mapping
        self._pools = pools
        self._region = region
        self._closing = closing
        self._threads: list[threading.Thread] = []

    def start(self, count: int) -> None:
        """Begin."""
        for _ in range(count):
            thread = threading.Thread(target=self._loop, name=f"stack-poll-{self.mapping.function}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def join(self) -> None:
        """Wait for the end, after `closing` was set."""
        for thread in self._threads:
            thread.join()

    def _loop(self) -> None:
        while not self._closing.is_set():
            try:
                self._poll()
            except Exception:
                if not self._closing.is_set():
                    log.exception("polling %s failed", self.mapping.source_arn)
                    self._closing.wait(1)

    def _invoke(self, records: list[dict[str, Any]]) -> Invocation:
        return self._pools.invoke(self.mapping.function, json.dumps({"Records": records}, default=_base64).encode())

    @abstractmethod
    def _poll(self) -> None:
        """Take one batch, if there is one within about a second, and see it through."""

    @abstractmethod
    def idle(self) -> bool:
        """Whether nothing is left to hand out or under way."""


class QueueSource(Source):
    """Reads an SQS queue: batches, window, partial failures; the queue's own redrive policy does the rest."""

    def __init__(self, mapping: Mapping, pools: Pools, region: str, closing: threading.Event) -> None:
        super().__init__(mapping, pools, region, closing)
        self._queue_name = mapping.source_arn.split(":")[-1]
        self._backend = sqs_backends[DEFAULT_ACCOUNT_ID][region]
        self._timeout = pools.find(mapping.function).spec.timeout
        self._queue = self._backend.get_queue(self._queue_name)
        self._readers = 1

    def start_all(self) -> None:
        """Start as many readers as the function may have workers."""
        self._readers = min(self.mapping.concurrency, self._pools.find(self.mapping.function).spec.concurrency)
        self.start(self._readers)

    def _share(self) -> int:
        """How many messages a reader takes at once: no more than leaves the other readers as many."""
        return min(self.mapping.batch_size, max(1, -(-len(self._queue.messages) // self._readers)))

    def _receive(self, count: int, wait: float) -> list[Message]:
        visibility = max(int(vars(self._queue)["visibility_timeout"]), int(6 * self._timeout))
        return self._backend.receive_message(
            self._queue_name,
            min(count, 10),
            wait,  # type: ignore[arg-type]  # the patched one waits for parts of a second, too
            visibility,
            ["All"],
        )

    def _poll(self) -> None:
        batch = self._receive(self._share(), 1)
        deadline = time.monotonic() + min(self.mapping.window_seconds, LONGEST_WINDOW_SECONDS)
        while batch and len(batch) < self.mapping.batch_size and not self._closing.is_set():
            if self._queue.messages:  # the other readers' share
                break
            left = deadline - time.monotonic()
            more = self._receive(self.mapping.batch_size - len(batch), min(max(left, 0), 1))
            batch.extend(more)
            if left <= 0 and not more:
                break
        if batch and not self._closing.is_set():
            self._handle(batch)

    def _handle(self, batch: list[Message]) -> None:
        result = self._invoke([self._record(message) for message in batch])
        identifiers = [message.id for message in batch]
        failed = failed_items(result, identifiers)
        if failed and not (self.mapping.reports_failures or result.error):
            failed = set()
        for message in batch:
            handle = str(message.receipt_handle)
            if message.id in failed:
                self._backend.change_message_visibility(self._queue_name, handle, REDELIVERY_SECONDS)
            else:
                self._backend.delete_message(self._queue_name, handle)

    def _record(self, message: Message) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        }
        if message.group_id:
            attributes["MessageGroupId"] = message.group_id
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": attributes,
            "messageAttributes": {
                name: {"stringValue": value.get("string_value"), "dataType": value.get("data_type")}
                for name, value in message.message_attributes.items()
            },
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self.mapping.source_arn,
            "awsRegion": self._region,
        }

    def join(self) -> None:
        """Wait for the end; a reader that waits for messages need not wait for its time."""
        with self._queue._messages_lock:
            self._queue._messages_lock.notify_all()
        super().join()

    def idle(self) -> bool:
        """Whether nothing is left to hand out or under way."""
        return not self._queue._messages


class StreamSource(Source):
    """Reads a table's stream in order, one batch at a time; a bad batch comes again until its retries are
    used up."""

    def __init__(self, mapping: Mapping, pools: Pools, region: str, closing: threading.Event) -> None:
        super().__init__(mapping, pools, region, closing)
        name = mapping.source_arn.split(":table/")[-1].split("/")[0]
        table = dynamodb_backends[DEFAULT_ACCOUNT_ID][region].get_table(name)
        if table.stream_shard is None:
            raise StackError(f"{mapping.function} reads the stream of {name}, which has none")
        self._shard = table.stream_shard
        self._position = 0 if mapping.from_start else len(self._shard.items)
        self._attempts = 0

    def _poll(self) -> None:
        batch = self._shard.items[self._position : self._position + self.mapping.batch_size]
        if not batch:
            self._closing.wait(STREAM_POLL_SECONDS)
            return
        if self.mapping.window_seconds and len(batch) < self.mapping.batch_size and not self._attempts:
            self._closing.wait(self.mapping.window_seconds)
            batch = self._shard.items[self._position : self._position + self.mapping.batch_size]
        records = [self._record(item.to_json()) for item in batch]
        result = self._invoke(records)
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        failed = failed_items(result, numbers)
        if not (self.mapping.reports_failures or result.error):
            failed = set()
        good = next((index for index, number in enumerate(numbers) if number in failed), len(numbers))
        self._pass(good)
        if not failed:
            self._attempts = 0
            return
        self._attempts = 1 if good else self._attempts + 1
        if 0 <= self.mapping.retries < self._attempts:
            self._give_up(records[good:], result)
        else:
            self._closing.wait(min(0.2 * 2**self._attempts, 10))

    def _give_up(self, records: list[dict[str, Any]], result: Invocation) -> None:
        log.error("%s gives up %d records of %s", self.mapping.function, len(records), self.mapping.source_arn)
        if self.mapping.on_failure_arn:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
            batch = {
                "batchSize": len(records),
                "startSequenceNumber": numbers[0],
                "endSequenceNumber": numbers[-1],
                "streamArn": self.mapping.source_arn,
            }
            body = {"requestContext": {"requestId": result.request_id}, "DDBStreamBatchInfo": batch}
            send_to_arn(self.mapping.on_failure_arn, json.dumps(body), self._region)
        self._pass(len(records))
        self._attempts = 0

    def _pass(self, count: int) -> None:
        """Go on behind records, and let them go: this is the stream's only reader, and moto keeps both images."""
        for index in range(self._position, self._position + count):
            self._shard.items[index] = None  # type: ignore[call-overload]
        self._position += count

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        body = {**record["dynamodb"], "ApproximateCreationDateTime": time.time()}
        return {
            **record,
            "awsRegion": self._region,
            "eventSourceARN": self.mapping.source_arn,
            "dynamodb": body,
        }

    def idle(self) -> bool:
        """Whether nothing is left to hand out or under way."""
        return self._position >= len(self._shard.items)


def open_sources(
    mappings: list[Mapping], pools: Pools, region: str, closing: threading.Event
) -> list[QueueSource | StreamSource]:
    """Start a poller for every mapping."""
    sources: list[QueueSource | StreamSource] = []
    for mapping in mappings:
        if ":sqs:" in mapping.source_arn:
            queue = QueueSource(mapping, pools, region, closing)
            sources.append(queue)
            queue.start_all()
        else:
            stream = StreamSource(mapping, pools, region, closing)
            sources.append(stream)
            stream.start(1)
    return sources


def _base64(value: object) -> str:
    """Binary attributes as Lambda hands them over."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} cannot be part of an event")
