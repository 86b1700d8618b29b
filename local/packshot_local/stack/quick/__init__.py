"""Changes to moto that alter nothing but the time it takes; `tests/stack/test_quick.py` holds them against moto's own
answers. One module a part of moto: every change is a function of a `Patching`, which takes it back.
"""

from __future__ import annotations

from ..patching import Patching
from . import answers, deployment, items, queues, requests, updates

ROOMS = (deployment, requests, items, answers, updates, queues)
CHANGES = tuple(change for room in ROOMS for change in room.CHANGES)


def apply(patching: Patching) -> None:
    """Put the changes in force; `patching` takes them back."""
    for change in CHANGES:
        change(patching)
