"""A list with a row for each item, and buttons that add, remove and move them.

An item keeps its row when it moves, with whatever stands in it. Rows of items that were removed are used again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ipywidgets import HTML, Button, HBox, Textarea, VBox, Widget

from ....api.inline import Unfit
from ....schema.check import Problem
from ....schema.fields import UNSET, FileField, ListField, ObjectField, UnionField
from ... import page
from ..control import Control, Part, Tell, Tools
from .files import read
from .nested import heading, inside, least, shallow

MOST = 50
"""Items that get rows; those after them are kept and sent as they are."""

_AUTO = {"width": "auto", "align_self": "flex-start"}
_EMPTY = "has no value yet: fill it in, or remove it"


@dataclass(eq=False, slots=True)
class _Item:
    part: Part
    value: Any = UNSET
    fault: str = ""


class _Slot:
    """A place in the list: its number, its buttons, and the row that is there now."""

    def __init__(self, number: int, name: str, act: Callable[[str, int], None]) -> None:
        title = HTML(heading(str(number), 5), layout={"flex": "1 1 auto"})
        self.buttons = {
            verb: Button(
                icon=icon,
                tooltip=f"{words} item {number} of {name}",
                layout={"width": "36px"},
                _dom_classes=(f"skytells-{verb}",),
            )
            for verb, icon, words in (("up", "arrow-up", "Move up"), ("down", "arrow-down", "Move down"), _REMOVE)
        }
        for verb, button in self.buttons.items():
            button.on_click(lambda _, verb=verb: act(verb, number - 1))
        self._bar = HBox((title, *self.buttons.values()))
        self.widget = VBox(_dom_classes=("skytells-item",))

    def hold(self, part: Part) -> None:
        children = (self._bar, part.widget)
        if self.widget.children != children:
            self.widget.children = children


_REMOVE = ("remove", "trash", "Remove")


class ListControl(Control):
    """Items one under the other; the value is the list of theirs, and UNSET where a person has removed them all."""

    field: ListField

    def __init__(self, field: ListField, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        shown = shallow(field)
        item = shown.item if isinstance(shown, ListField) else field.item
        self._name = page.label(field.label, 40)
        grouped = isinstance(item, ObjectField | UnionField)
        self._item = replace(item, title=item.title or ("Item" if grouped else field.label), required=False)
        self._items: list[_Item] = []
        self._spare: list[_Item] = []
        self._rest: list[Any] = []
        self._slots: list[_Slot] = []
        self._told_fault = ""
        self._on = True
        self._heading = HTML()
        self._add = Button(
            icon="plus", description=f"Add to {self._name}", layout=_AUTO, _dom_classes=("skytells-add",)
        )
        self._add.on_click(lambda _: self._added())
        self._several = self._box_for_several() if isinstance(item, FileField) else None
        self.widget = VBox(_dom_classes=("skytells-control", "skytells-group"))

    def paint(self, value: Any) -> None:
        """Show a row for each item, up to 50; a value that is no list shows none."""
        shown = self.field.default if value is UNSET else value
        values = shown if isinstance(shown, list) else []
        self._rest = values[MOST:]
        self._told_fault = ""
        while len(self._items) > len(values[:MOST]):
            self._spare.append(self._items.pop())
        while len(self._items) < len(values[:MOST]):
            self._items.append(self._new())
        for item, entry in zip(self._items, values[:MOST], strict=True):
            item.value, item.fault = entry, ""
            item.part.show(entry)
        self._arrange()

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person change the list, or not."""
        self._on = on
        for item in (*self._items, *self._spare):
            item.part.enable(on)
        self._arrange()

    def show_problems(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show each problem at the item it lies in."""
        for index, item in enumerate(self._items):
            own = (Problem("", item.fault),) if item.fault else ()
            item.part.show_problems((*own, *inside(problems, index)))
        places = range(len(self._items))
        return [
            problem
            for problem in problems
            if (problem.steps[0] not in places if problem.steps else problem.message != self._told_fault)
        ]

    def _new(self) -> _Item:
        if self._spare:
            return self._spare.pop()
        item: _Item

        def told(value: Any, fault: str) -> None:
            if not self._painting:
                item.value, item.fault = value, fault
                self._tell_all()

        item = _Item(self.tools.row(self._item, told, self.tools))
        item.part.enable(self._on)
        return item

    def _added(self) -> None:
        item = self._new()
        item.value, item.fault = least(self._item), ""
        item.part.show(item.value)
        self._items.append(item)
        self._arrange()
        self._tell_all()
        _focus(item.part.widget)

    def _box_for_several(self) -> Textarea:
        box = Textarea(
            description=self._several_label,
            placeholder="one link or path a line",
            rows=2,
            continuous_update=False,
            _dom_classes=("skytells-several",),
        )
        box.observe(self._pasted, "value")
        return box

    @property
    def _several_label(self) -> str:
        return f"Several at once for {self._name}"

    def _pasted(self, change: dict[str, Any]) -> None:
        """Make an item of each line that can be read and has room; the other lines stay in the box."""
        left: list[str] = []
        before = len(self._items)
        for line in change["new"].split("\n"):
            try:
                value = UNSET if self._is_full else read(line)
            except Unfit:
                value = UNSET
            if value is UNSET:
                left += [line] if line.strip() else []
                continue
            item = self._new()
            item.value, item.fault = value, ""
            item.part.show(value)
            self._items.append(item)
        if len(self._items) > before:
            self._arrange()
            self._tell_all()
        if self._several is not None:
            self._several.value = "\n".join(left)
            odd = ": these are no links or files here, or have no room" if left else ""
            self._several.description = self._several_label + odd

    @property
    def _is_full(self) -> bool:
        most = self.field.max_items
        return bool(self._rest) or len(self._items) >= (MOST if most is None else min(MOST, most))

    def _act(self, verb: str, index: int) -> None:
        if verb == "remove":
            self._spare.append(self._items.pop(index))
        else:
            other = index + (1 if verb == "down" else -1)
            self._items[index], self._items[other] = self._items[other], self._items[index]
        self._arrange()
        self._tell_all()
        self._focus_after(verb, index)

    def _focus_after(self, verb: str, index: int) -> None:
        """Keep the keyboard where it can go on: with the item that moved, or at what followed the one removed."""
        if verb == "remove":
            near = min(index, len(self._items) - 1)
            (self._slots[near].buttons["remove"] if near >= 0 else self._add).focus()
            return
        buttons = self._slots[index + (1 if verb == "down" else -1)].buttons
        (buttons[verb] if not buttons[verb].disabled else buttons["up" if verb == "down" else "down"]).focus()

    def _tell_all(self) -> None:
        faulty = next((i for i, item in enumerate(self._items) if item.fault), None)
        empty = next((i for i, item in enumerate(self._items) if item.value is UNSET and not item.fault), None)
        self._told_fault = "" if faulty is None else f"item {faulty + 1} {self._items[faulty].fault}"
        trouble = self._told_fault or ("" if empty is None else f"item {empty + 1} {_EMPTY}")
        values = [item.value for item in self._items] + self._rest
        empty_by_default = self.field.default is UNSET or not self.field.default
        nothing = not values and empty_by_default and not self.field.required
        self.typed(UNSET if trouble or nothing else values, trouble)

    def _arrange(self) -> None:
        while len(self._slots) < len(self._items):
            self._slots.append(_Slot(len(self._slots) + 1, self._name, self._act))
        last = len(self._items) - 1
        slots = self._slots[: last + 1]
        for index, (slot, item) in enumerate(zip(slots, self._items, strict=True)):
            slot.hold(item.part)
            slot.buttons["up"].disabled = not self._on or index == 0
            slot.buttons["down"].disabled = not self._on or index == last
            slot.buttons["remove"].disabled = not self._on
        enders = [self._add] if self._several is None else [self._add, self._several]
        for widget in enders:
            widget.disabled = self._is_full or not self._on
        more = f" (and {len(self._rest)} more, sent as they are)" if self._rest else ""
        self._heading.value = heading(self.label + more)
        children = (self._heading, *(slot.widget for slot in slots), *enders)
        if self.widget.children != children:
            self.widget.children = children


def _focus(widget: Widget) -> None:
    """Put the keyboard into the first thing of a row that takes it."""
    for inner in getattr(widget, "children", ()):
        if not isinstance(inner, HTML):
            _focus(inner)
            return
    if not hasattr(widget, "children") and hasattr(widget, "focus"):
        widget.focus()
