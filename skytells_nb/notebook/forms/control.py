"""What every control of a form is: it shows a value, and tells what a person made of it.

A control holds no truth: the form's `Draft` does. It is given a value to show, and calls `tell(value, fault)` when a
person has changed it. `UNSET` means that nothing is to be sent; a `fault` says why what was typed is no value at all,
as in "must be a whole number". Whether a value is allowed is for the checker, not for the control.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...schema.check import Checker, Problem
from ...schema.fields import Field
from .. import page

if TYPE_CHECKING:
    from ipywidgets import DOMWidget

    from .shelf import Shelf

Tell = Callable[[Any, str], None]
"""Called with the new value (`UNSET` for none) and a fault ("" where the value can be read)."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a control may use of its form: the judge of values, the shelf of files, and rows for its parts."""

    checker: Checker
    shelf: Shelf
    row: Callable[[Field, Tell, Tools], Part]


class Part(ABC):
    """Anything that shows the value of one field: a control, or a row with a control in it."""

    widget: DOMWidget

    @abstractmethod
    def show(self, value: Any) -> None:
        """Show a value, without telling anybody; `UNSET` shows the default, as not set."""

    def show_problems(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show what is wrong, where that is inside this part; returns the problems that it did not show.

        The steps of each problem's path begin inside this field: () is the field itself.
        """
        return problems

    @abstractmethod
    def enable(self, on: bool) -> None:  # noqa: FBT001 - a property's setter in all but name
        """Let a person change it, or not."""


class Control(Part):
    """One field's widgets, without help, problems and reset, which are its row's."""

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        self.field = field
        self.tools = tools
        self._tell = tell
        self._painting = False

    @property
    def label(self) -> str:
        """The field's label as plain text for a widget's description; required ones are marked."""
        return page.label(self.field.label) + (" *" if self.field.required else "")

    def show(self, value: Any) -> None:
        """Show a value, without telling anybody; `UNSET` shows the default, as not set."""
        with self._silence():
            self.paint(value)

    @abstractmethod
    def paint(self, value: Any) -> None:
        """Put a value into the widgets; nothing they say meanwhile is told."""

    def typed(self, value: Any, fault: str = "") -> None:
        """Tell what a person made, unless it is the control itself that is painting."""
        if not self._painting:
            self._tell(value, fault)

    @contextmanager
    def _silence(self) -> Iterator[None]:
        before, self._painting = self._painting, True
        try:
            yield
        finally:
            self._painting = before
