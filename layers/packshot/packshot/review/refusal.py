"""What the desk refuses, and why: one exception that the API turns into problem details (RFC 9457)."""

from __future__ import annotations

from typing import Literal

Kind = Literal["not-found", "conflict", "gone", "invalid", "too-large"]


class Refusal(Exception):
    """The desk will not do that. ``kind`` is for programs, ``title`` and ``detail`` are for people."""

    def __init__(self, kind: Kind, title: str, detail: str) -> None:
        super().__init__(f"{title}: {detail}")
        self.kind, self.title, self.detail = kind, title, detail
