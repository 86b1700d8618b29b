"""The store: what a function may reach, made once from its environment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.handlers import add_expect_header

from packshot.settings import StoreSettings
from packshot.store.notebook import Notebook
from packshot.store.objects import Bucket
from packshot.store.services import Describer, SigningKey
from packshot.store.tables import Drops, Lots, Photos
from packshot.store.tasks_table import Tasks
from packshot.store.workflow import Bus, Notices, Queue, Workflow

Clients = Callable[[str], Any]


class Store:
    """Buckets, tables, queues and the workflow. Each is made when first used.

    Using one whose name the function was not given raises LookupError: a function without a permission is
    not given the name either.
    """

    def __init__(self, settings: StoreSettings, clients: Clients) -> None:
        self.settings, self._clients = settings, clients

    def _name(self, field: str) -> str:
        name: str = getattr(self.settings, field)
        if not name:
            raise LookupError(f"this function was not given PACKSHOT_{field.upper()}")
        return name

    @cached_property
    def incoming(self) -> Bucket:
        """Photos as dropped, versioned; never written by packshot itself."""
        return Bucket(self._clients("s3"), self._name("incoming_bucket"))

    @cached_property
    def work(self) -> Bucket:
        """Plans, masters, mattes, measurements: can be made again, expires."""
        return Bucket(self._clients("s3"), self._name("work_bucket"))

    @cached_property
    def output(self) -> Bucket:
        """Exports, feeds, reports, rejections: what the user came for."""
        return Bucket(self._clients("s3"), self._name("output_bucket"))

    @cached_property
    def drops(self) -> Drops:
        """Table of drops."""
        return Drops(self._clients("dynamodb"), self._name("drops_table"))

    @cached_property
    def photos(self) -> Photos:
        """Table of photos."""
        return Photos(self._clients("dynamodb"), self._name("photos_table"))

    @cached_property
    def lots(self) -> Lots:
        """Table of lots."""
        return Lots(self._clients("dynamodb"), self._name("lots_table"))

    @cached_property
    def tasks(self) -> Tasks:
        """Table of review tasks."""
        return Tasks(self._clients("dynamodb"), self._name("tasks_table"))

    @cached_property
    def profiles(self) -> Notebook:
        """Table of what is learnt: profiles, outcomes, inspection."""
        return Notebook(self._clients("dynamodb"), self._name("profiles_table"))

    @cached_property
    def workflow(self) -> Workflow:
        """The state machine."""
        return Workflow(self._clients("stepfunctions"), self._name("state_machine_arn"))

    @cached_property
    def intake_queue(self) -> Queue:
        """Object events on their way to intake."""
        return Queue(self._clients("sqs"), self._name("intake_queue_url"))

    @cached_property
    def close_queue(self) -> Queue:
        """Drops that may be complete."""
        return Queue(self._clients("sqs"), self._name("close_queue_url"))

    @cached_property
    def failed_queue(self) -> Queue:
        """Dead letters: one message for each photo that failed, with its error."""
        return Queue(self._clients("sqs"), self._name("failed_queue_url"))

    @cached_property
    def bus(self) -> Bus:
        """Where inventory systems listen."""
        return Bus(self._clients("events"), self._name("event_bus"))

    @cached_property
    def describer(self) -> Describer:
        """The model that finds words for photos."""
        self._name("words_model")
        return Describer(self._clients("bedrock-runtime"))

    @cached_property
    def signing_key(self) -> SigningKey:
        """The key that signs provenance."""
        return SigningKey(self._clients("kms"), self._name("signing_key"))

    @cached_property
    def notices(self) -> Notices:
        """People and systems that want to know."""
        return Notices(self._clients("sns"), self._name("topic_arn"), self._clients("events"), self._name("event_bus"))


def open_store(settings: StoreSettings | None = None, clients: Clients | None = None) -> Store:
    """The store of this process: names from the environment, one client a service, standard retries with jitter."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=32)
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            made[service] = boto3.client(service, config=config)  # type: ignore[call-overload]
            # A file of some MB is sent at once: asking first costs every write another way there and back.
            made[service].meta.events.unregister("before-call.s3", add_expect_header)
        return made[service]

    return Store(settings or StoreSettings.read(), clients or client)
