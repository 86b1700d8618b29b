"""Runs a SAM template on one machine: moto plays AWS, the functions run as processes of their own."""

from .records import Invocation, LogLine, StackError, WorkerInfo
from .stack import Stack

__all__ = ["Invocation", "LogLine", "Stack", "StackError", "WorkerInfo"]
