"""Runs a SAM template on one machine: moto plays AWS, the functions run as processes of their own."""

from .faults import Kind, Rule
from .records import FunctionSpec, Invocation, LogLine, StackError, WorkerInfo
from .stack import Stack

__all__ = ["FunctionSpec", "Invocation", "Kind", "LogLine", "Rule", "Stack", "StackError", "WorkerInfo"]
