"""An object: a box with a row for each part. Names that have no row are kept as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ipywidgets import HTML, VBox

from ....schema.check import Problem
from ....schema.fields import UNSET, Field, ObjectField
from ... import page
from ..control import Control, Part, Tell, Tools
from .nested import heading, inside, least, shallow


class ObjectControl(Control):
    """Rows in a box; the value is what is set in them, and UNSET where that is nothing and nothing is required."""

    field: ObjectField

    def __init__(self, field: ObjectField, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        self._value: Any = UNSET
        self._faults: dict[str, str] = {}
        self._told_fault = ""
        shown = shallow(field)
        parts = shown.fields if isinstance(shown, ObjectField) else ()
        self._labels = {part.name: page.label(part.label, 40) for part in parts}
        self._rows: dict[str, Part] = {
            part.name: tools.row(_with_default(part, field.default), self._teller(part.name), tools) for part in parts
        }
        title = HTML(heading(self.label))
        rows = (row.widget for row in self._rows.values())
        self.widget = VBox((title, *rows), _dom_classes=("skytells-control", "skytells-group"))

    def paint(self, value: Any) -> None:
        """Show each part; a value that is no object shows none."""
        self._value = value
        self._faults.clear()
        self._told_fault = ""
        known = value if isinstance(value, dict) else {}
        for name, row in self._rows.items():
            row.show(known.get(name, UNSET))

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person change the parts, or not."""
        for row in self._rows.values():
            row.enable(on)

    def show_problems(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show each problem at the part it lies in."""
        for name, row in self._rows.items():
            fault = self._faults.get(name)
            own = (Problem(name, fault),) if fault else ()
            row.show_problems((*own, *inside(problems, name)))
        return [
            problem
            for problem in problems
            if (problem.steps[0] not in self._rows if problem.steps else problem.message != self._told_fault)
        ]

    def _teller(self, name: str) -> Callable[[Any, str], None]:
        return lambda value, fault: self._part_told(name, value, fault)

    def _part_told(self, name: str, value: Any, fault: str) -> None:
        if self._painting:
            return
        start = least(self.field)
        before = self._value if isinstance(self._value, dict) else start if isinstance(start, dict) else {}
        others = {key: kept for key, kept in before.items() if key != name}
        self._faults.pop(name, None)
        if fault:
            self._faults[name] = fault
        whole = others if fault or value is UNSET else self._ordered({**others, name: value})
        nothing = not whole or (value is UNSET and not fault and whole == start)
        self._value = UNSET if nothing and not self.field.required else whole
        faulty = next(iter(self._faults.items()), None)
        self._told_fault = f"part {self._labels[faulty[0]]} {faulty[1]}" if faulty else ""
        self.typed(UNSET if faulty else self._value, self._told_fault)

    def _ordered(self, whole: dict[str, Any]) -> dict[str, Any]:
        """Put the parts in the order of their rows, whatever a person set first; other names follow."""
        return {name: whole[name] for name in (*self._rows, *whole) if name in whole}


def _with_default(part: Field, default: Any) -> Field:
    """Let a part show, while it is unset, what the whole object's default has for it."""
    return replace(part, default=default[part.name]) if isinstance(default, dict) and part.name in default else part
