"""A value of one of several kinds: a choice of the kind, and the row of the kind that was chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ipywidgets import Dropdown, VBox

from ....schema.check import Problem
from ....schema.fields import (
    UNSET,
    ChoiceField,
    Field,
    FlagField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
    UnionField,
)
from ... import page
from ..control import Control, Part, Tell, Tools
from .nested import least, shallow

_NONE = ("choose…", -1)
_KINDS: tuple[tuple[type, type[Field]], ...] = (
    (bool, FlagField),
    (int, NumberField),
    (float, NumberField),
    (str, TextField),
    (list, ListField),
    (dict, ObjectField),
)


class UnionControl(Control):
    """A dropdown of kinds over one row; what another kind held comes back when that kind is chosen again."""

    field: UnionField

    def __init__(self, field: UnionField, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        shown = shallow(field)
        self._options = shown.options if isinstance(shown, UnionField) else ()
        self._rows: dict[int, Part] = {}
        self._held: dict[int, tuple[Any, str]] = {}
        self._on = True
        kinds = [(page.label(option.title, 60) or f"kind {i + 1}", i) for i, option in enumerate(self._options)]
        self._kind = Dropdown(options=(_NONE, *kinds), description=self.label)
        self._kind.observe(self._chosen, "value")
        self.widget = VBox((self._kind,), _dom_classes=("skytells-control", "skytells-union"))

    def paint(self, value: Any) -> None:
        """Choose the first kind that the value fits, and show it there."""
        self._held.clear()
        shown = self.field.default if value is UNSET else value
        index = -1 if shown is UNSET else self._fitting(shown)
        self._kind.value = index
        self._arrange()
        if index >= 0:
            self._held[index] = (value, "")
            self._row(index).show(value)

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person choose, or not."""
        self._on = on
        self._kind.disabled = not on
        for row in self._rows.values():
            row.enable(on)

    def show_problems(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show the problems in the chosen kind's row."""
        index = self._kind.value
        return problems if index < 0 else self._row(index).show_problems(problems)

    def _fitting(self, value: Any) -> int:
        """Find the kind of a value: the first that allows it, else the first of its type, else the first."""
        fits = self.tools.checker.fits
        exact = next((i for i, option in enumerate(self._options) if fits(option, value)), None)
        if exact is not None:
            return exact
        kind = next((kind for python, kind in _KINDS if isinstance(value, python)), Field)
        alike = (i for i, option in enumerate(self._options) if isinstance(option, kind))
        return next(alike, 0 if self._options else -1)

    def _chosen(self, change: dict[str, Any]) -> None:
        if self._painting:
            return
        index = change["new"]
        self._arrange()
        if index < 0:
            self.typed(UNSET)
            return
        if index not in self._held:
            value = _beginning(self._options[index])
            self._held[index] = (value, "")
            self._row(index).show(value)
        self.typed(*self._held[index])

    def _row(self, index: int) -> Part:
        if index not in self._rows:
            option, default = self._options[index], self.field.default
            if default is not UNSET and self._fitting(default) == index:
                option = replace(option, default=default)
            self._rows[index] = self.tools.row(option, self._teller(index), self.tools)
            self._rows[index].enable(self._on)
        return self._rows[index]

    def _teller(self, index: int) -> Callable[[Any, str], None]:
        def told(value: Any, fault: str) -> None:
            if not self._painting and self._kind.value == index:
                self._held[index] = (value, fault)
                self.typed(value, fault)

        return told

    def _arrange(self) -> None:
        index = self._kind.value
        self.widget.children = (self._kind,) if index < 0 else (self._kind, self._row(index).widget)


def _beginning(option: Field) -> Any:
    """Give what choosing a kind sets by itself: the only choice there is, or an object's parts of that sort."""
    alone = isinstance(option, ChoiceField) and len(option.choices) == 1
    return least(option) if alone or isinstance(option, ObjectField) else UNSET
