"""The cloud of ``tests/cloud.py``, and lots in it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cloud import Cloud, cloud, sky

from .lots import Lot

__all__ = ["cloud", "lot", "sky"]


@pytest.fixture
def lot(cloud: Cloud) -> Callable[..., Lot]:
    return lambda **parts: Lot(cloud, **parts)
