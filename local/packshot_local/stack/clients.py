"""boto3 clients of the local stack, made once each: making one takes 13 ms, and a session's first 60."""

from __future__ import annotations

import functools
import threading
from typing import Any

import boto3
from botocore.config import Config

from .launch import ACCESS_KEY, SECRET_KEY

_one_at_a_time = threading.Lock()
"""A session may make its clients from any thread, but not from two at once."""


@functools.cache
def _session(region: str) -> boto3.Session:
    """One session has read the descriptions of the services once."""
    return boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=region)


class Clients:
    """Clients by region and service, safe to use in threads. `config` goes into botocore's configuration of each."""

    def __init__(self, **config: Any) -> None:
        self._config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **config)
        self._made: dict[tuple[str, str], Any] = {}

    def of(self, service: str, region: str, endpoint: str) -> Any:
        """The client of a service."""
        with _one_at_a_time:
            if (region, service) not in self._made:
                self._made[region, service] = _session(region).client(  # type: ignore[call-overload]
                    service, endpoint_url=endpoint, config=self._config
                )
            return self._made[region, service]
