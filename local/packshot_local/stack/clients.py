"""boto3 clients of the local stack, made once each: making one takes 13 ms."""

from __future__ import annotations

import threading
from typing import Any

import boto3
from botocore.config import Config

from .launch import ACCESS_KEY, SECRET_KEY


class Clients:
    """Clients by region and service, safe to use in threads. `config` goes into botocore's configuration of each."""

    def __init__(self, **config: Any) -> None:
        self._config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **config)
        self._made: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()

    def of(self, service: str, region: str, endpoint: str) -> Any:
        """The client of a service."""
        with self._lock:
            if (region, service) not in self._made:
                session = boto3.Session(ACCESS_KEY, SECRET_KEY, region_name=region)
                self._made[region, service] = session.client(  # type: ignore[call-overload]
                    service, endpoint_url=endpoint, config=self._config
                )
            return self._made[region, service]
