"""Waking a gate: a token that waits no longer is told from one that a first try has just answered."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from packshot.store.workflow import Workflow


class Refusing:
    """Step Functions that takes no token, after so many retries by the client."""

    def __init__(self, code: str, retries: int) -> None:
        self.code, self.retries = code, retries

    def send_task_success(self, **_: Any) -> None:
        answer: Any = {"Error": {"Code": self.code, "Message": ""}, "ResponseMetadata": {"RetryAttempts": self.retries}}
        raise ClientError(answer, "SendTaskSuccess")


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
@pytest.mark.parametrize(("retries", "awake"), [(0, False), (1, True)])
def test_a_refused_token_is_dead_unless_it_was_tried_before(code: str, retries: int, awake: bool) -> None:
    client: Any = Refusing(code, retries)
    assert Workflow(client, "arn").answer("token", {"decision": "accept"}) is awake


def test_other_refusals_are_errors() -> None:
    client: Any = Refusing("AccessDeniedException", 0)
    with pytest.raises(ClientError):
        Workflow(client, "arn").answer("token", {})
