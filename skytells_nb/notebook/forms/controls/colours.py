"""A colour: a box for its code, and the browser's own picker beside it."""

from __future__ import annotations

import re
from typing import Any

from ipywidgets import ColorPicker, HBox

from ....schema.fields import UNSET, Field
from ..control import Tell, Tools
from .text import BoxControl, written

_CODE = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_NAME = re.compile(r"[A-Za-z]+")
_GREY = "#808080"


class ColourControl(BoxControl):
    """A colour as `#rrggbb`; the picker, which cannot be empty, is grey while there is none."""

    style = "skytells-colour"

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools, alone=False)
        self.picker = ColorPicker(concise=True, value=_code(field.default), _dom_classes=("skytells-picker",))
        self.picker.observe(self._picked, "value")
        self.widget = HBox((self.box, self.picker), _dom_classes=self.classes)

    def make(self, **traits: Any) -> Any:
        """Make a line that shows how a colour's code looks."""
        return super().make(placeholder="#rrggbb", **traits)

    def read(self, typed: str) -> Any:
        """Read a colour's code, or leave a name to the model."""
        text = typed.strip()
        if text and not _CODE.fullmatch(text) and not _NAME.fullmatch(text):
            raise ValueError("must be a colour, as in #2b7fc4")
        return text or UNSET

    def paint(self, value: Any) -> None:
        """Show a colour."""
        super().paint(value)
        self.picker.value = _code(self.field.default if value is UNSET else value)

    def typed(self, value: Any, fault: str = "") -> None:
        """Tell a colour, and let the picker follow."""
        with self._silence():
            self.picker.value = _code(self.field.default if value is UNSET else value)
        super().typed(value, fault)

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person type and pick, or not."""
        super().enable(on)
        self.picker.disabled = not on

    def _picked(self, change: dict[str, Any]) -> None:
        if not self._painting:
            with self._silence():
                self.box.value = change["new"]
            self._tell(change["new"], "")


def _code(value: Any) -> str:
    text = written(value)
    if not _CODE.fullmatch(text):
        return _GREY
    return text.lower() if len(text) == 7 else "#" + "".join(digit * 2 for digit in text[1:].lower())
