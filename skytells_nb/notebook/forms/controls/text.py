"""Boxes that are typed into: what all of them do, one or several lines of text, and secrets."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any, ClassVar

from ipywidgets import Password, Text, Textarea

from ....schema.fields import UNSET, Field, TextField
from ... import page
from ..control import Control, Tell, Tools

_BREAK = "↵"
_MOST_LINES = 12
_LINE = 70


class BoxControl(Control):
    """A box that is typed into; kinds of it differ in how they write a value, and read what was typed.

    The box is `box`, and the control's whole widget where it is `alone`; `classes` are of the whole widget.
    """

    style: ClassVar[str]

    def __init__(self, field: Field, tell: Tell, tools: Tools, *, alone: bool = True) -> None:
        super().__init__(field, tell, tools)
        self.classes = ("skytells-control", self.style)
        self.box = self.widget = self.make(
            description=self.label, value=self.write(field.default), _dom_classes=self.classes if alone else ()
        )
        self.box.observe(self._changed, "value")

    def make(self, **traits: Any) -> Any:
        """Make the box: a line of text, unless a kind makes another."""
        return Text(**traits)

    def write(self, value: Any) -> str:
        """Write a value, of whatever type, as it stands in the box; "" for none."""
        return written(value)

    @abstractmethod
    def read(self, typed: str) -> Any:
        """Read what was typed; `UNSET` for nothing. Raises `ValueError`, with a phrase, for what is no value."""

    def paint(self, value: Any) -> None:
        """Put a value into the box."""
        self.box.value = self.write(self.field.default if value is UNSET else value)

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person type, or not."""
        self.box.disabled = not on

    def _changed(self, change: dict[str, Any]) -> None:
        if self._painting:
            return
        try:
            value = self.read(change["new"])
        except ValueError as fault:
            self.typed(UNSET, str(fault))
        else:
            self.typed(value)


class TextControl(BoxControl):
    """Text: one line, or several where the field says so or its default has them.

    A line break that was set from Python stands as ↵ in a box of one line, and is told as the line break it is.
    """

    style = "skytells-text"

    def make(self, **traits: Any) -> Any:
        """Make a line, or an area as high as what stands in it."""
        example = next((text for text in self.field.examples if isinstance(text, str)), "")
        hint = {"placeholder": page.label(example, 60)} if example and not traits["value"] else {}
        if (isinstance(self.field, TextField) and self.field.long) or "\n" in written(self.field.default):
            return Textarea(rows=_lines(traits["value"]), **hint, **traits)
        return Text(**hint, **traits)

    def write(self, value: Any) -> str:
        """Write a text as it is."""
        self._broken = False
        return written(value)

    def paint(self, value: Any) -> None:
        """Put a text into the box."""
        text = self.write(self.field.default if value is UNSET else value)
        if isinstance(self.box, Textarea):
            self.box.rows = _lines(text)
        elif "\n" in text:
            self._broken = True
            text = text.replace("\n", _BREAK)
        self.box.value = text

    def read(self, typed: str) -> Any:
        """Read a text; an emptied box is the empty text where the default would come back otherwise."""
        if not typed and not written(self.field.default):
            return UNSET
        return typed.replace(_BREAK, "\n") if self._broken else typed


class SecretControl(TextControl):
    """A text that nobody is to read: it is told when the box is left, and goes from it.

    What stands in a widget is saved with notebooks; so a secret never does, wherever it came from.
    """

    style = "skytells-secret"

    def make(self, **traits: Any) -> Any:
        """Make a box that shows dots while it is typed into."""
        return Password(continuous_update=False, **{**traits, "value": ""})

    def paint(self, value: Any) -> None:
        """Say whether there is one."""
        self.box.value = ""
        self.box.placeholder = "" if value is UNSET or value is None else "••• is set; type to replace it"

    def _changed(self, change: dict[str, Any]) -> None:
        if not self._painting and change["new"]:
            self.typed(change["new"])
            self.show(change["new"])


def written(value: Any) -> str:
    """Write any value for a box: text as it is, others as JSON, "" for none and for what JSON cannot say.

    Half of a surrogate pair cannot be sent to a browser, and becomes U+FFFD.
    """
    if value is None or value is UNSET:
        return ""
    if not isinstance(value, str):
        try:
            value = json.dumps(value, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            return ""
    return str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _lines(text: str) -> int:
    wrapped = sum(1 + len(line) // _LINE for line in text[: _LINE * _MOST_LINES].split("\n"))
    return max(3, min(_MOST_LINES, wrapped))
