"""True or false."""

from __future__ import annotations

from typing import Any

from ipywidgets import Checkbox

from ....schema.fields import UNSET, Field
from ..control import Control, Tell, Tools


class FlagControl(Control):
    """A box to tick; any click tells true or false."""

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        self.widget = Checkbox(
            value=field.default is True,
            description=self.label,
            indent=False,
            _dom_classes=("skytells-control", "skytells-flag"),
        )
        self.widget.observe(lambda change: self.typed(change["new"]), "value")

    def paint(self, value: Any) -> None:
        """Tick the box for true, and for nothing else."""
        self.widget.value = (self.field.default if value is UNSET else value) is True

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person click, or not."""
        self.widget.disabled = not on
