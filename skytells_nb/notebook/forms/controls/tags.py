"""Lists of texts, numbers or choices: entries as buttons that take them out, and a box that adds one.

Not ipywidgets' own tags: those have no label, cannot be reached by keyboard once there are some, drop what they refuse
without a word, cannot be disabled, and in JupyterLab do not hear Enter.
"""

from __future__ import annotations

from typing import Any

from ipywidgets import HTML, Box, Button, Checkbox, Combobox, Text, VBox

from ....schema.fields import UNSET, ChoiceField, Field, ListField, NumberField
from ... import page
from ..control import Control, Tell, Tools
from .choices import Choices
from .numbers import read_number
from .text import written

_FEW = 12
_MOST_BUTTONS = 100


class TagsControl(Control):
    """A list; entries that a person did not touch stay exactly as they were set.

    A few choices of which each may be there once are boxes to tick.
    """

    field: ListField

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        item = self.field.item
        self._choices = Choices(item.choices) if isinstance(item, ChoiceField) else Choices(())
        self._items: list[Any] = []
        self.ticks: tuple[Any, ...] = ()
        self.entries = Box(_dom_classes=("skytells-entries",))
        names = self._choices.labels
        if self.field.unique and 0 < len(names) <= _FEW:
            self.ticks = self.entries.children = tuple(Checkbox(description=name, indent=False) for name in names)
            for tick in self.ticks:
                tick.observe(self._ticked, "value")
            head: Any = HTML(f"<div>{page.text(self.label)}</div>", _dom_classes=("skytells-label",))
        else:
            traits = {"description": self.label, "continuous_update": False, "placeholder": "add one, then Enter"}
            self.box = head = Combobox(options=names, **traits) if names else Text(**traits)
            self.box.observe(self._entered, "value")
        self.widget = VBox((head, self.entries), _dom_classes=("skytells-control", "skytells-tags"))
        self.show(UNSET)

    def paint(self, value: Any) -> None:
        """Show a list; what is no list shows as an empty one."""
        given = self.field.default if value is UNSET else value
        self._items = list(given) if isinstance(given, list | tuple) else []
        if self.ticks:
            chosen = {self._choices.place(item) for item in self._items}
            for place, tick in enumerate(self.ticks):
                tick.value = place in chosen
        else:
            self.box.value = ""
            self._draw()

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person change the list, or not."""
        for part in self.ticks or (self.box, *self.entries.children):
            part.disabled = not on

    def _ticked(self, _: dict[str, Any]) -> None:
        if self._painting:
            return
        ticked = {place for place, tick in enumerate(self.ticks) if tick.value}
        kept = [item for item in self._items if self._choices.place(item) in {None, *ticked}]
        new = ticked - {self._choices.place(item) for item in kept}
        self._items = [*kept, *(self._choices.values[place] for place in sorted(new))]
        self._tell_items()

    def _entered(self, _: dict[str, Any]) -> None:
        if not self._painting:
            self._tell_items()

    def _remove(self, place: int) -> None:
        del self._items[place]
        self._draw()
        self.box.focus()
        self._tell_items()

    def _tell_items(self) -> None:
        """Tell the list, with what stands in the box; what cannot be read stays there."""
        if not self.ticks and (typed := self.box.value.strip()):
            try:
                self._items.append(self._read(typed))
            except ValueError as fault:
                self.typed(UNSET, f"{page.cut(typed, 40)} {fault}")
                return
            with self._silence():
                self.box.value = ""
            self._draw()
        items = list(self._items)
        self.typed(items if items or self.field.required or self.field.default else UNSET)

    def _read(self, typed: str) -> Any:
        item = self.field.item
        if isinstance(item, ChoiceField):
            return self._choices.read(typed)
        return read_number(typed, whole=item.integer) if isinstance(item, NumberField) else typed

    def _draw(self) -> None:
        """Draw the entries anew; the buttons that fit stay the same."""
        names = [self._name(item) for item in self._items]
        left = len(names) - _MOST_BUTTONS
        texts = [(f"{page.label(name, 40)} ✕", f"Remove {page.label(name)}") for name in names[:_MOST_BUTTONS]]
        texts += [(f"and {left} more", "")] * (left > 0)
        buttons = list(self.entries.children[: len(texts)])
        for place in range(len(buttons), len(texts)):
            buttons.append(Button(disabled=self.box.disabled, _dom_classes=("skytells-entry",)))
            if place < _MOST_BUTTONS:
                buttons[place].on_click(lambda _, place=place: self._remove(place))
        for button, (text, hint) in zip(buttons, texts, strict=True):
            button.description, button.tooltip = text, hint
        self.entries.children = tuple(buttons)

    def _name(self, item: Any) -> str:
        return self._choices.label(item) or written(item) or ("null" if item is None else "(empty)")
