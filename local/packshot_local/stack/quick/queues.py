"""SQS's messages: one clock, no copies, and a deletion that stops where it has found its message."""

from __future__ import annotations

import copy
import time
from typing import Any

from moto.core.utils import unix_time, unix_time_millis
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Message, Queue, SQSBackend

from ..patching import Patching


def queues_read_one_clock(patching: Patching) -> None:
    """moto's clock makes three datetimes of every time it is read, and is read for every message at every look."""
    patching.everywhere("moto.sqs", "unix_time", _seconds, unix_time)
    patching.everywhere("moto.sqs", "unix_time_millis", lambda: time.time() * 1000.0, unix_time_millis)


def _seconds() -> float:
    return time.time()


def retention_without_counting(patching: Patching) -> None:
    """moto asks for all attributes of a queue, counts of its messages among them, to see whether one message is too
    old."""

    def valid(self: Any, queue_name: str, message: Message) -> bool:
        kept = float(self.get_queue(queue_name).message_retention_period)
        return kept + float(message.sent_timestamp or 0) / 1000 > time.time()

    patching.set(SQSBackend, "is_message_valid_based_on_retention_period", valid)


def received_messages_are_copied_flat(patching: Patching) -> None:
    """moto copies a message deeply before it leaves out attributes that nobody asked for: only those change."""

    def duplicate(self: Message, memo: dict[int, Any]) -> Message:
        twin = copy.copy(self)
        twin.message_attributes = dict(self.message_attributes)
        twin._old_receipt_handles = list(self._old_receipt_handles)
        memo[id(self)] = twin
        return twin

    patching.add(Message, "__deepcopy__", duplicate)


def deleting_looks_no_further(patching: Patching) -> None:
    """moto writes the whole queue anew for every message that is deleted: 10,000 waiting ones take 5 ms each time."""

    def delete(self: Any, receipt_handle: str) -> None:
        if receipt_handle in self.deleted_messages:
            return
        for place, message in enumerate(self._messages):
            if message.had_receipt_handle(receipt_handle):
                self.pending_messages.discard(message)
                self.deleted_messages.update(message.all_receipt_handles)
                del self._messages[place]
                return
        raise ReceiptHandleIsInvalid()

    patching.set(Queue, "delete_message", delete)


CHANGES = (
    queues_read_one_clock,
    retention_without_counting,
    received_messages_are_copied_flat,
    deleting_looks_no_further,
)
