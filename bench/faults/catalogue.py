"""The catalogue that all faults are written down in, and the ground on which they are run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.faults.case import PLAIN, SEEDS, SIDE, SKUS, Case
from bench.faults.promises import Outcome, digest, outcome
from bench.line import Line

Run = Callable[[Case], None]


@dataclass(frozen=True)
class Fault:
    """An entry of the catalogue."""

    name: str
    area: str
    injected: str
    run: Run


class Catalogue:
    """Faults by area, in the order in which they were written down."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def area(self, area: str) -> Callable[[str, str], Callable[[Run], Run]]:
        """A decorator for the faults of one area: ``@of("name", "what is injected")``."""

        def of(name: str, injected: str) -> Callable[[Run], Run]:
            def note(run: Run) -> Run:
                self.faults.append(Fault(name, area, injected, run))
                return run

            return note

        return of

    def add(self, area: str, name: str, injected: str, run: Run) -> None:
        """Note a fault that is made of data."""
        self.faults.append(Fault(name, area, injected, run))


CATALOGUE = Catalogue()


class Ground:
    """The line that all cases share, and the undisturbed drop that they are measured by."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.photos = {sku: line.photo(seed, SIDE) for sku, seed in zip(SKUS, SEEDS, strict=True)}
        self.plain: dict[str, str] = {}
        plain = self.case(PLAIN)
        plain.send()
        plain.done()
        self.plain.update({name: digest(body) for name, body in line.exports(PLAIN).items()})
        if wrong := outcome(plain).wrong:
            raise AssertionError(f"the undisturbed drop: {wrong}")

    def case(self, drop: str) -> Case:
        """A new case for a drop of this name."""
        return Case(self.line, drop, dict(self.photos), self.plain)

    def run(self, fault: Fault, drop: str) -> Outcome:
        """Run one fault to its end; what goes wrong is in the outcome."""
        case = self.case(drop)
        try:
            fault.run(case)
            self.line.stack.wait_idle(60)
            return outcome(case)
        except AssertionError as error:
            return Outcome(case.struck, {}, len(self.line.executions(drop)), [str(error)], 0.0)
