"""The cloud of ``tests/cloud.py``."""

from cloud import cloud, sky

__all__ = ["cloud", "sky"]
