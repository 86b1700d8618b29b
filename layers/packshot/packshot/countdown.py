"""How long a call may still take, whatever happens to the clock meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from aws_lambda_powertools.utilities.typing import LambdaContext


def countdown(context: LambdaContext) -> Callable[[], float]:
    """Seconds that are left of a call: asked of Lambda once, then counted by the monotonic clock.

    Lambda's own answer is a difference of two times of day, which a clock that is set meanwhile makes wrong.
    """
    end = time.monotonic() + context.get_remaining_time_in_millis() / 1000
    return lambda: end - time.monotonic()
