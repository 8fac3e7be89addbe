"""A row: one field's control with what surrounds it: help, limits, default, problems, the way back to unset, and null.

The parts that few rows ever need (reset, problems) are made when they are first needed: a form has many rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ipywidgets import HTML, Button, ToggleButton, VBox

from ...schema.check import Problem
from ...schema.fields import UNSET, ChoiceField, Field, JsonField, ObjectField, TextField, UnionField
from ...schema.limits import limits
from ...schema.sentences import shown
from .. import page
from .control import Part, Tell, Tools
from .controls.text import written
from .draft import resting
from .table import control_for

_SHORT = 140
_LONG = 4000
_SEEN = (ChoiceField, JsonField, ObjectField, UnionField)
"""Fields whose limits can be seen in their controls."""


class Row(Part):
    """A field with its control; tells its form `(value, fault)` like a control, and null where that is chosen."""

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        self.field = field
        self._tell = tell
        self._value: Any = UNSET
        self._touched = False
        self._problems = ""
        self._enabled = True
        self.control = control_for(field, self._told, tools)
        self._reset: Button | None = None
        self._wrong: HTML | None = None
        self._null = self._null_switch() if field.nullable else None
        about = help_of(self.control.field, tools.checker.doubt(field))
        self._note = HTML(about, _dom_classes=("skytells-note",)) if about else None
        self.widget = VBox(_dom_classes=("skytells-row", "skytells-unset"))
        self.show(UNSET)
        self._arrange()

    def show(self, value: Any) -> None:
        """Show a value; `UNSET` for none."""
        self._value = value
        self._touched = self._touched or value is not UNSET
        null = value is None and self._null is not None
        self.control.show(UNSET if null else value)
        if self._null is not None:
            self._switch_null(null)
        self._mark()

    def show_problems(self, problems: Sequence[Problem]) -> Sequence[Problem]:
        """Show the problems under the field, or inside its control; all are shown somewhere.

        Of a field that nobody has touched nothing is shown: the form says by its Run button what is missing.
        """
        left = self.control.show_problems(problems)
        told = [problem.message if not problem.steps else str(problem) for problem in left] if self._touched else []
        text = "".join(f"<div>{page.text(page.cut(message, 300))}</div>" for message in told[:5])
        if text != self._problems:
            self._problems = text
            if self._wrong is None:
                self._wrong = HTML(_dom_classes=("skytells-wrong",))
            self._wrong.value = f'<div role="alert">{text}</div>' if text else ""
            self._arrange()
        return ()

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person change the field, or not."""
        self._enabled = on
        self.control.enable(on and not (self._null is not None and self._null.value))
        for button in (self._null, self._reset):
            if button is not None:
                button.disabled = not on

    def touch(self) -> None:
        """Show problems from now on, as if a person had been here."""
        self._touched = True

    def _told(self, value: Any, fault: str) -> None:
        self._value, self._touched = value, True
        self._mark(faulty=bool(fault))
        self._tell(value, fault)

    def _put(self, value: Any) -> None:
        self.show(value)
        self._told(value, "")

    def _mark(self, *, faulty: bool = False) -> None:
        is_set = faulty or self._value is not UNSET
        classes = ("skytells-row", "skytells-set" if is_set else "skytells-unset")
        if self.widget._dom_classes != classes:  # noqa: SLF001 - ipywidgets' own trait for CSS classes
            self.widget._dom_classes = classes  # noqa: SLF001
        if is_set and self._reset is None:
            name = page.label(self.field.label, 40)
            self._reset = Button(
                description="↺",
                tooltip=f"Reset {name}: back to {'its default' if self.field.default is not UNSET else 'not sent'}",
                _dom_classes=("skytells-reset",),
            )
            self._reset.disabled = not self._enabled
            self._reset.on_click(lambda _: self._put(resting(self.field)))
            self._arrange()

    def _null_switch(self) -> ToggleButton:
        switch = ToggleButton(
            description="null",
            tooltip=f"Send null for {page.label(self.field.label, 40)}",
            _dom_classes=("skytells-null",),
        )
        switch.observe(self._null_changed, "value")
        return switch

    def _null_changed(self, change: dict[str, Any]) -> None:
        self.control.enable(not change["new"])
        if change["new"] != (self._value is None):
            self._put(None if change["new"] else UNSET)

    def _switch_null(self, on: bool) -> None:  # noqa: FBT001
        if self._null is not None and self._null.value != on:
            self._null.value = on

    def _arrange(self) -> None:
        wrong = self._wrong if self._problems else None
        parts = (self.control.widget, self._null, self._reset, wrong, self._note)
        self.widget.children = tuple(part for part in parts if part is not None)


def help_of(field: Field, doubt: str = "") -> str:
    """Write a field's help: its description, short, with the whole on demand, then limits, default and examples."""
    about = _about(field.description)
    facts = [] if isinstance(field, _SEEN) else [page.cut(limit, 120) for limit in limits(field)]
    secret = isinstance(field, TextField) and field.secret
    if field.default not in (UNSET, None, "") and not secret:
        facts.append(f"default {_short(field.default)}")
    if field.deprecated:
        facts.insert(0, "deprecated")
    if field.examples and not secret:
        facts.append(f"for example {_short(field.examples[0])}")
    if isinstance(field, JsonField):
        facts.append(f"edited as JSON{': ' if field.why else ''}{page.cut(field.why, 120)}")
    line = " · ".join(filter(None, facts))
    odd = f'<div class="skytells-doubt">⚠ {page.text(page.cut(doubt, 240))}</div>' if doubt else ""
    small = f'<div class="skytells-limits">{page.text(line)}</div>' if line else ""
    return about + small + odd


def _short(value: Any) -> str:
    return page.cut(written(value) or shown(value), 60)


def _about(description: str) -> str:
    whole = page.visible(description[:_LONG]).strip()
    short = page.cut(whole, _SHORT)
    if not whole:
        return ""
    if short == whole:
        return f"<div>{page.text(short)}</div>"
    return f"<details><summary>{page.text(short)}</summary><div>{page.text(whole)}</div></details>"
