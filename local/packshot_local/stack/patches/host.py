"""What a patch is, and what the patches ask of the stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ..activity import Activity
from ..patching import Patching
from ..records import Invocation


class Host(Protocol):
    """What the patches ask of the stack."""

    activity: Activity
    region: str

    @property
    def endpoint(self) -> str:
        """Address of all services."""

    def run_function(self, name: str, event: bytes, on_start: Callable[[], None]) -> Invocation:
        """Run a function now and wait for it; `on_start` is called when a worker begins with it."""

    def run_function_later(self, name: str, event: bytes) -> None:
        """Run a function as Lambda does for `InvocationType=Event`: queued, with two retries."""

    def object_created(self, bucket: Any, key: Any, reason: str) -> None:
        """An S3 object is there; its event goes out when the request that made it is answered."""

    def deliver(self, target: dict[str, Any], event: dict[str, Any]) -> None:
        """Hand an EventBridge event to a rule's target."""

    def execution_ended(self, execution: Any) -> None:
        """A state machine's execution has come to its end."""


Patch = Callable[[Patching, Host], None]

PATCHES: dict[str, Patch] = {}


def patch(function: Patch) -> Patch:
    """Enter a patch under its name."""
    PATCHES[function.__name__] = function
    return function
