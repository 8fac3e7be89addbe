"""One of several choices: buttons for a few short ones, a drop-down for some, a box to find it in for many."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from ipywidgets import Combobox, Dropdown, RadioButtons

from ....errors import nearest
from ....schema.fields import UNSET, ChoiceField, Field
from ... import page
from ..control import Control, Tell, Tools
from .text import written

NONE = "—"
_FEW, _SOME = 6, 12
_SHORT = 60
_LIKENED = 300


class Choices:
    """The choices of a field, each with a label of its own and found by its exact value: 1, "1" and true are three."""

    def __init__(self, choices: Sequence[Any]) -> None:
        self.values = tuple(choices)
        self.labels = _labels(self.values)
        self._by_label = {label: place for place, label in reversed([*enumerate(self.labels)])}
        self._by_key = {_key(value): place for place, value in reversed([*enumerate(self.values)])}
        self._by_text = {written(value).casefold(): place for place, value in reversed([*enumerate(self.values)])}

    def place(self, value: Any) -> int | None:
        """Find a value's place; a whole number is the same with a decimal point, as in JSON Schema."""
        found = self._by_key.get(_key(value))
        if found is None and isinstance(value, int | float) and not isinstance(value, bool):
            found = next((at for at, v in enumerate(self.values) if v == value and not isinstance(v, bool)), None)
        return found

    def label(self, value: Any) -> str | None:
        """Give a value's label, None for what is no choice."""
        place = self.place(value)
        return None if place is None else self.labels[place]

    def read(self, typed: str) -> Any:
        """Read a label, or a choice's own text in any case. Raises `ValueError` with what may have been meant."""
        text = typed.strip()
        place = self._by_label.get(text)
        if place is None:
            place = self._by_text.get(text.casefold())
        if place is not None:
            return self.values[place]
        holding = [label for label in self.labels if text.casefold() in label.casefold()]
        meant = nearest(text, (holding or self.labels)[:_LIKENED]) or next(iter(holding), None)
        raise ValueError(f"is none of the {len(self.labels)} choices" + (f" (did you mean {meant}?)" if meant else ""))


class ChoiceControl(Control):
    """A choice, told as the exact value that the schema names.

    A few short ones are radio buttons (which a style sheet may draw as a row of toggle buttons): unlike ipywidgets'
    toggle buttons, they tell a screen reader which one is chosen.
    """

    field: ChoiceField

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        self.choices = Choices(self.field.choices)
        names = self.choices.labels
        self._finds = len(names) > _SOME
        in_view = len(names) <= _FEW and sum(map(len, names)) <= _SHORT
        self._has_none = not in_view and self.choices.place(field.default) is None
        classes = ("skytells-control", "skytells-buttons" if in_view else "skytells-choice")
        traits: dict[str, Any] = {"description": self.label, "_dom_classes": classes}
        if self._finds:
            hint = f"type to find one of {len(names)}"
            self.widget = Combobox(options=names, value=self._shown(field.default), placeholder=hint, **traits)
            self.widget.observe(self._typed_in, "value")
            return
        options = (NONE, *names) if self._has_none else names
        self.widget = (RadioButtons if in_view else Dropdown)(
            options=options, index=self._shown(field.default), **traits
        )
        self.widget.observe(self._picked, "index")

    def paint(self, value: Any) -> None:
        """Show a choice; nothing is chosen for what is none of them."""
        shown = self._shown(self.field.default if value is UNSET else value)
        if self._finds:
            self.widget.value = shown
        else:
            self.widget.index = shown

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person choose, or not."""
        self.widget.disabled = not on

    def _shown(self, value: Any) -> Any:
        if self._finds:
            return self.choices.label(value) or ""
        place = self.choices.place(value)
        return place if not self._has_none else 0 if place is None else place + 1

    def _picked(self, change: dict[str, Any]) -> None:
        place = change["new"]
        if place is not None and self._has_none:
            place = place - 1 if place else None
        self.typed(UNSET if place is None else self.choices.values[place])

    def _typed_in(self, change: dict[str, Any]) -> None:
        if self._painting:
            return
        try:
            self.typed(self.choices.read(change["new"]) if change["new"].strip() else UNSET)
        except ValueError as fault:
            self.typed(UNSET, str(fault))


def _labels(values: Sequence[Any]) -> tuple[str, ...]:
    """Label choices, each differently: by their text, where that is the same by their kind too, or else by number."""
    plain = [_label(value) for value in values]
    often = Counter(plain)
    taken, labels = {NONE}, []
    for number, (value, name) in enumerate(zip(values, plain, strict=True), 1):
        label = name if often[name] == 1 else f"{name} ({_KINDS.get(type(value), 'JSON')})"
        while label in taken:
            label = f"{name} [{number}]" if f"{name} [{number}]" not in taken else f"{label}'"
        taken.add(label)
        labels.append(label)
    return tuple(labels)


_KINDS = {str: "text", int: "number", float: "number", bool: "true or false", type(None): "null"}


def _label(value: Any) -> str:
    return page.label("null" if value is None else written(value), 60) or "(empty)"


def _key(value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return ""
