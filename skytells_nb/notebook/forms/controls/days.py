"""Days and moments: told as the text that stands in JSON."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from ipywidgets import DatePicker

from ....schema.fields import UNSET, Field, TextField
from ..control import Control, Tell, Tools
from .text import BoxControl

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?", re.IGNORECASE)


class DateControl(Control):
    """A day from the browser's own calendar, as 2026-11-22."""

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        super().__init__(field, tell, tools)
        self.widget = DatePicker(
            value=_day(field.default), description=self.label, _dom_classes=("skytells-control", "skytells-date")
        )
        self.widget.observe(self._picked, "value")

    def paint(self, value: Any) -> None:
        """Show a day; what is no day leaves the box empty."""
        self.widget.value = _day(self.field.default if value is UNSET else value)

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person pick, or not."""
        self.widget.disabled = not on

    def _picked(self, change: dict[str, Any]) -> None:
        day = change["new"]
        self.typed(UNSET if day is None else day.isoformat())


class MomentControl(BoxControl):
    """A moment or a time of day, typed as it is sent."""

    style = "skytells-moment"
    field: TextField

    def make(self, **traits: Any) -> Any:
        """Make a line that shows how such a text looks."""
        return super().make(placeholder=self._example, **traits)

    def read(self, typed: str) -> Any:
        """Read the text of a moment, which stays as it is."""
        text = typed.strip()
        if not text:
            return UNSET
        day, between, clock = ("", "", text) if self._time_only else (text[:10], text[10:11], text[11:])
        dated = self._time_only or (between in ("T", "t", " ") and _day(day) is not None)
        if not (dated and _TIME.fullmatch(clock) and _is_time(clock)):
            kind = "a time" if self._time_only else "a date and time"
            raise ValueError(f"must be {kind}, as in {self._example}")
        return text

    @property
    def _time_only(self) -> bool:
        return self.field.format == "time"

    @property
    def _example(self) -> str:
        return "10:00:00Z" if self._time_only else "2026-11-22T10:00:00Z"


def _day(value: Any) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _is_time(clock: str) -> bool:
    try:
        time.fromisoformat(clock.upper())
    except ValueError:
        return False
    return True
