"""Services that are asked for one thing each: a model that describes photos, a key that signs."""

from __future__ import annotations

import hashlib
from typing import Any


class Describer:
    """Vision models on Bedrock (Converse API)."""

    def __init__(self, client: Any) -> None:
        """Take a ``bedrock-runtime`` client."""
        self.client = client

    def converse(self, **request: Any) -> Any:
        """One turn of a conversation."""
        return self.client.converse(**request)


class SigningKey:
    """A KMS key on the curve P-256 that signs and never leaves KMS."""

    def __init__(self, client: Any, arn: str) -> None:
        self.client, self.arn = client, arn

    def sign(self, data: bytes) -> bytes:
        """The DER signature of the data (ECDSA, SHA-256); only its digest goes to KMS, which takes 4,096 bytes."""
        answer = self.client.sign(
            KeyId=self.arn,
            Message=hashlib.sha256(data).digest(),
            MessageType="DIGEST",
            SigningAlgorithm="ECDSA_SHA_256",
        )
        return bytes(answer["Signature"])
