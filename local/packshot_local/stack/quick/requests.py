"""Requests of any service, and those of DynamoDB in particular, taken apart with less work."""

from __future__ import annotations

import functools
import json
import re
import string
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import method_names_from_class
from moto.dynamodb.responses import DynamoHandler
from moto.moto_api._internal.moto_random import MotoRandom
from moto.utilities.utils import get_partition

from ..patching import Patching

PLAIN = frozenset({"GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem"})
"""Calls whose parameters are the request's JSON already, and whose result is the answer's."""
_BINARY = re.compile(rb'"BS?":')


def dynamodb_requests_are_json(patching: Patching) -> None:
    """moto takes every request apart as a form, as an S3 key and by the API's model, and asks IAM who it is. They are
    JSON, signed for a region, and only binary attributes need more."""

    def set_up(self: Any, request: Any, full_url: str | None = None, *more: Any, **named: Any) -> None:
        asked, signed = request.headers.get("X-Amz-Target", ""), request.headers.get("Authorization", "")
        action, scope = asked.split(".")[-1], signed.split(",")[0].split("/")
        if action not in PLAIN or len(scope) != 5 or _BINARY.search(request.data):
            before(self, request, full_url, *more, **named)
            return
        self.normalized_request, self.headers, self.method = request, request.headers, request.method
        self.querystring, self.uri_match, self.response_headers = {}, {}, {"server": "amazon.com"}
        self.region, self.partition = scope[2], get_partition(scope[2])
        self.current_account, self.access_key = DEFAULT_ACCOUNT_ID, scope[0].split("=")[-1]
        self.params = json.loads(request.data)

    before = DynamoHandler.setup_class
    patching.add(DynamoHandler, "setup_class", set_up)


def methods_are_listed_once(patching: Patching) -> None:
    """moto looks through all members of a service's class for every call."""
    patching.everywhere(
        "moto", "method_names_from_class", functools.cache(method_names_from_class), method_names_from_class
    )


def ids_are_drawn_at_once(patching: Patching) -> None:
    """moto draws the id of every request letter by letter."""

    def get_random_string(self: Any, length: int = 20, include_digits: bool = True, lower_case: bool = False) -> str:
        pool = string.ascii_letters + string.digits * include_digits
        drawn = "".join(self.choices(pool, k=length))
        return drawn.lower() if lower_case else drawn

    patching.set(MotoRandom, "get_random_string", get_random_string)


CHANGES = (dynamodb_requests_are_json, methods_are_listed_once, ids_are_drawn_at_once)
