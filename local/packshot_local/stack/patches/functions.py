"""Lambda: functions are processes."""

from __future__ import annotations

import base64
from typing import Any

from moto.awslambda.models import LambdaFunction

from ..patching import Patching
from .host import Host, patch


@patch
def functions_are_processes(patching: Patching, host: Host) -> None:
    """moto runs functions in Docker, and container images not at all: run the real handlers as processes."""

    def invoke(self: Any, body: Any, request_headers: Any, response_headers: Any) -> bytes:
        event = (body.encode() if isinstance(body, str) else body) or b"{}"
        headers = {str(name).lower(): value for name, value in dict(request_headers or {}).items()}
        if headers.get("x-amz-invocation-type") == "Event":
            host.run_function_later(self.function_name, event)
            return b""
        result = host.run_function(self.function_name, event, lambda: None)
        response_headers["x-amz-log-result"] = base64.b64encode(result.log_tail.encode()[-4096:]).decode()
        response_headers["X-Amz-Executed-Version"] = "$LATEST"
        if result.error:
            response_headers["x-amz-function-error"] = result.error
        return result.payload

    patching.set(LambdaFunction, "invoke", invoke)
