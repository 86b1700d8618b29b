"""Changes to somebody else's classes and modules that can be taken back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class Patching:
    """Replaces attributes and dictionary items, and puts everything back."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def set(self, owner: Any, name: str, value: Any) -> Any:
        """Replace `owner.name`; returns what was there."""
        before = owner.__dict__[name] if isinstance(owner, type) else getattr(owner, name)
        self._undo.append(lambda: setattr(owner, name, before))
        setattr(owner, name, value)
        return before

    def add(self, owner: type, name: str, value: Any) -> None:
        """Give a class an attribute that it does not define itself."""
        self._undo.append(lambda: delattr(owner, name))
        setattr(owner, name, value)

    def everywhere(self, prefix: str, name: str, value: Any, before: Any) -> None:
        """Replace a function in all modules under `prefix` that have imported it by name."""
        for module_name, module in list(sys.modules.items()):
            if module_name.startswith(prefix) and getattr(module, name, None) is before:
                self.set(module, name, value)

    def item(self, mapping: dict[str, Any], key: str, value: Any) -> None:
        """Replace one item of a dictionary."""
        before = mapping.get(key)
        self._undo.append(lambda: mapping.update({key: before}) if before is not None else mapping.pop(key, None))
        mapping[key] = value

    def restore(self) -> None:
        """Put everything back, the last change first."""
        while self._undo:
            self._undo.pop()()
