"""Runs a SAM template on one machine: moto plays AWS, the functions run as processes of their own."""

from . import services

services.load()  # before anything else here imports moto

from .faults import Kind, Rule  # noqa: E402
from .records import FunctionSpec, Invocation, LogLine, StackError, WorkerInfo  # noqa: E402
from .stack import Stack  # noqa: E402

__all__ = ["FunctionSpec", "Invocation", "Kind", "LogLine", "Rule", "Stack", "StackError", "WorkerInfo"]
