"""The one door to AWS: S3 objects, DynamoDB records, queues and the workflow. Handed in, never imported deep."""

from botocore.exceptions import BotoCoreError, ClientError

from packshot.store.records_table import Conflict
from packshot.store.store import Store, open_store

AWS_ERRORS = (BotoCoreError, ClientError)
"""What a call to AWS may raise after its retries: worth retrying later, never a photo's fault."""

__all__ = ["AWS_ERRORS", "Conflict", "Store", "open_store"]
