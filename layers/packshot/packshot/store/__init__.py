"""The one door to AWS: S3 objects, DynamoDB records, queues and the workflow. Handed in, never imported deep."""

from packshot.store.records_table import Conflict
from packshot.store.store import Store, open_store

__all__ = ["Conflict", "Store", "open_store"]
