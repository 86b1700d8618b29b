"""SQS and DynamoDB: many threads at once, and queues of many messages."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from moto.dynamodb.responses import DynamoHandler
from moto.sqs.models import Message, Queue, SQSBackend

from ..patching import Patching
from .host import Host, patch

VISIBLE_MESSAGES = 64
"""Messages of a standard queue looked at for one receive; it hands out ten at most."""

LOOK_AGAIN_SECONDS = 0.25
"""How often a waiting receive looks for messages that have become visible again."""

ANSWERED_ALONE = (
    "put_item", "update_item", "delete_item", "batch_write_item", "transact_write_items",
    "get_item", "batch_get_item", "transact_get_items", "query", "scan",
)  # fmt: skip
"""DynamoDB's actions on items. One that reads waits too: moto makes a new item first and fills it afterwards."""


@patch
def queues_stay_quick(patching: Patching, _host: Host) -> None:
    """moto reads the clock twice for every message of a queue at every receive: 10 messages a second at
    1,000."""
    before = Queue.__dict__["messages"]

    def messages(self: Any) -> list[Message]:
        if self.fifo_queue:
            return list(before.fget(self))
        now, found = time.time() * 1000, []
        for message in self._messages:
            if now > message.visible_at and now >= message.delayed_until:
                found.append(message)
                if len(found) == VISIBLE_MESSAGES:
                    break
        return found

    patching.set(Queue, "messages", property(messages))


@patch
def one_at_a_time(patching: Patching, host: Host) -> None:
    """moto's server has threads, its SQS and DynamoDB have no locks: a message is handed out twice, two
    conditional writes can both succeed, and a reader sees an item that is half written."""
    tables = threading.RLock()
    for name in ANSWERED_ALONE:
        patching.set(DynamoHandler, name, _locked(DynamoHandler.__dict__[name], lambda *_: tables))
    for name in ("add_message", "delete_message"):
        patching.set(Queue, name, _locked(Queue.__dict__[name], lambda queue, *_: queue._messages_lock))
    receive = SQSBackend.__dict__["receive_message"]

    def receive_message(
        self: Any, queue_name: str, count: int, wait_seconds_timeout: float, *args: Any, **kwargs: Any
    ) -> list[Message]:
        queue = self.get_queue(queue_name)
        deadline = time.monotonic() + (wait_seconds_timeout or 0)
        while True:
            with queue._messages_lock:
                found: list[Message] = receive(self, queue_name, count, 0, *args, **kwargs)
            left = deadline - time.monotonic()
            if found or left <= 0 or host.activity.closing.is_set():
                return found
            with queue._messages_lock:
                if not queue.messages:
                    queue._messages_lock.wait(min(left, LOOK_AGAIN_SECONDS))

    patching.set(SQSBackend, "receive_message", receive_message)


def _locked(function: Callable[..., Any], lock_of: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock_of(*args):
            return function(*args, **kwargs)

    return locked
