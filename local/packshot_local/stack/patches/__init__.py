"""Every change made to moto so that it does as AWS does, each with its reason; `tests/stack/test_patches.py` shows that
each is still needed. What only makes it quicker is in `quick`.

A patch is a function of a `Patching`, which remembers what it replaced, and of the `Host`, the stack. All are
in force only while a stack runs. One module a part of moto. Written against moto 5.2.5: pin it exactly.
"""

from __future__ import annotations

from .. import quick, retention
from ..patching import Patching
from . import cloudformation, executions, functions, maps, objects, queues, tasks
from .host import PATCHES, Host

__all__ = ["PATCHES", "Host", "apply"]
ROOMS = (cloudformation, functions, objects, queues, executions, tasks, maps)
"""Importing them has entered their patches."""


def apply(host: Host) -> Patching:
    """Put all changes of moto in force for `host`; `restore()` on the answer takes them back."""
    patching = Patching()
    quick.apply(patching)  # first: what is here may lock or count what is quick
    for patch in PATCHES.values():
        patch(patching, host)
    retention.apply(patching)
    return patching
