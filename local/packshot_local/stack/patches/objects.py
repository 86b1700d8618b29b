"""S3's objects and their events, and EventBridge's rules, which carry them on."""

from __future__ import annotations

import tempfile
from types import SimpleNamespace
from typing import Any

from moto.events.models import Rule
from moto.s3 import models as s3_models
from moto.s3 import notifications as s3_notifications

from ..buffers import DiskBuffer
from ..patching import Patching
from .host import Host, patch


@patch
def objects_without_open_files(patching: Patching, _host: Host) -> None:
    """moto keeps a file descriptor open for every object over the buffer size: thousands run the process
    dry."""
    shim = SimpleNamespace(**{**vars(tempfile), "SpooledTemporaryFile": DiskBuffer})
    patching.set(s3_models, "tempfile", shim)


@patch
def object_events_like_aws(patching: Patching, host: Host) -> None:
    """moto's S3 events have one `id` and `sequencer` for all, `eTag` for `etag`, go out before the object has
    its metadata, twice for a multipart upload, and errors in their delivery are swallowed."""

    def send(_account_id: str, bucket: Any, event_name: Any, key: Any) -> None:
        name = str(event_name.value)
        if name.startswith("s3:ObjectCreated:"):
            host.object_created(bucket, key, name.split(":")[-1])

    patching.set(s3_notifications, "_send_event_bridge_message", send)


@patch
def rules_reach_all_targets(patching: Patching, host: Host) -> None:
    """moto's rules know no Lambda and Step Functions targets, no input for events that come from S3, and take
    one without a pattern (a schedule) to match everything."""

    def send_to_targets(self: Any, original_event: Any, **_: Any) -> None:
        has_pattern = bool(self.event_pattern.dump())
        if self.state == "ENABLED" and has_pattern and self.event_pattern.matches_event(original_event):
            for target in self.targets:
                host.deliver(target, dict(original_event))

    patching.set(Rule, "send_to_targets", send_to_targets)
