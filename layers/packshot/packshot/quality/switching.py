"""Switching between normal and tightened inspection, and the stop (MIL-STD-105E, 4.7)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["normal", "tightened", "stop"]

WINDOW = 5  # consecutive lots that the rules look at


class Switch(BaseModel):
    """One segment's inspection severity, moved by first inspections only (reworked lots do not count).

    normal -> tightened: 2 of 5 or fewer consecutive lots refused. tightened -> normal: 5 accepted in a row.
    tightened -> stop: 5 lots refused under tightened inspection. A stop ends when a person says so.
    """

    model_config = ConfigDict(extra="forbid")

    state: State = "normal"
    recent: list[bool] = Field(
        default_factory=list, description="last first inspections in this state, True = accepted"
    )
    refused: int = Field(default=0, description="lots refused since inspection was tightened")
    cause: str = Field(default="", description="why it is in this state, in words")

    def after(self, accepted: bool) -> Switch:
        """The state after one more first inspection."""
        recent = [*self.recent, accepted][-WINDOW:]
        if self.state == "stop":
            return self
        if self.state == "normal":
            if recent.count(False) >= 2:
                return self.tighten(f"2 of the last {len(recent)} lots were refused")
            return self.model_copy(update={"recent": recent})
        refused = self.refused + (not accepted)
        if refused >= WINDOW:
            return Switch(
                state="stop",
                recent=recent,
                refused=refused,
                cause="5 lots refused under tightened inspection",
            )
        if len(recent) == WINDOW and all(recent):
            return Switch(cause="5 lots in a row accepted under tightened inspection")
        return self.model_copy(update={"recent": recent, "refused": refused})

    def tighten(self, cause: str) -> Switch:
        """Tighten at once, e.g. after complaints; a stop stays, and five good lots are wanted again."""
        if self.state == "stop":
            return self
        refused = self.refused if self.state == "tightened" else 0
        return Switch(state="tightened", refused=refused, cause=cause)

    def resume(self, who: str) -> Switch:
        """A person ends the stop: inspection goes on tightened."""
        if self.state != "stop":
            raise ValueError(f"inspection is {self.state}, there is no stop to end")
        return Switch(state="tightened", cause=f"resumed by {who}")
