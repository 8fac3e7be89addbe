"""Numbers: a box that takes them exactly as typed and, between two bounds, a slider beside it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from ipywidgets import FloatSlider, HBox, IntSlider

from ....schema.fields import UNSET, Field, NumberField
from ..control import Tell, Tools
from .text import BoxControl

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_COMMAS = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)+")
_MOST_DIGITS = 400
_WIDEST = 100_000


class NumberControl(BoxControl):
    """A number box, with a slider beside it where both bounds are known and near enough to each other."""

    style = "skytells-number"
    field: NumberField

    def __init__(self, field: Field, tell: Tell, tools: Tools) -> None:
        self._scale = Scale.of(field) if isinstance(field, NumberField) else None
        super().__init__(field, tell, tools, alone=self._scale is None)
        if self._scale is None:
            return
        self._stop = self._scale.stop(field.default)
        position = self._scale.position
        self.slider = (IntSlider if self.field.integer else FloatSlider)(
            min=position(self._scale.first),
            max=position(self._scale.last),
            step=position(1),
            value=position(self._stop),
            readout=False,
            _dom_classes=("skytells-slider",),
        )
        self.slider.observe(self._slid, "value")
        self.widget = HBox((self.box, self.slider), _dom_classes=self.classes)

    def read(self, typed: str) -> Any:
        """Read a number."""
        return read_number(typed, whole=self.field.integer) if typed.strip() else UNSET

    def paint(self, value: Any) -> None:
        """Put a number into the box, and the slider next to it."""
        super().paint(value)
        self._follow(self.field.default if value is UNSET else value)

    def typed(self, value: Any, fault: str = "") -> None:
        """Tell what was typed, and let the slider follow."""
        if not fault:
            with self._silence():
                self._follow(self.field.default if value is UNSET else value)
        super().typed(value, fault)

    def enable(self, on: bool) -> None:  # noqa: FBT001
        """Let a person type and slide, or not."""
        super().enable(on)
        if self._scale is not None:
            self.slider.disabled = not on

    def _follow(self, value: Any) -> None:
        if self._scale is not None:
            self._stop = self._scale.stop(value)
            self.slider.value = self._scale.position(self._stop)

    def _slid(self, change: dict[str, Any]) -> None:
        # A browser answers a painted position with its own rounding of it: only another stop is a person's doing.
        if self._painting or self._scale is None or (stop := self._scale.stop(change["new"])) == self._stop:
            return
        self._stop, value = stop, self._scale.value(stop)
        with self._silence():
            self.box.value = self.write(value)
        super().typed(value)


def read_number(typed: str, *, whole: bool = False) -> int | float:
    """Read a number as it was typed: whole ones exactly, however large.

    Takes what Python and JSON take, in the digits 0 to 9. Raises `ValueError` with what is wrong.
    """
    text = typed.strip()
    if _WHOLE.fullmatch(text) and len(text) <= _MOST_DIGITS:
        return int(text)
    if not _NUMBER.fullmatch(text):
        comma = ": write the decimals after a point, and no commas" if _COMMAS.fullmatch(text) else ""
        raise ValueError(f"must be a {'whole ' if whole else ''}number{comma}")
    if not whole:
        number = float(text)
        if math.isinf(number):
            raise ValueError("is too large a number")
        return number
    exact = Decimal(text)
    if exact.adjusted() > _MOST_DIGITS:
        raise ValueError("is too large a number")
    if exact != exact.to_integral_value():
        raise ValueError("must be a whole number")
    return int(exact)


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a slider stops: at multiples of `step`, the `first` to the `last`; what they tell is kept in bounds."""

    step: Decimal
    first: int
    last: int
    low: Decimal
    high: Decimal

    @classmethod
    def of(cls, field: NumberField) -> Self | None:
        """Lay a scale between a field's bounds; None where one is missing, or a slider would be of no use."""
        least, above, most, below = (_decimal(b) for b in (field.minimum, field.above, field.maximum, field.below))
        low = max((b for b in (least, above) if b is not None), default=None)
        high = min((b for b in (most, below) if b is not None), default=None)
        if low is None or high is None or not 0 < high - low <= _WIDEST or max(-low, high) >= 2**31:
            return None
        multiple = _decimal(field.multiple_of)
        step = _round_step(high - low) if multiple is None or multiple <= 0 else multiple
        if field.integer:
            step, low, high = Decimal(step.as_integer_ratio()[0]), Decimal(math.ceil(low)), Decimal(math.floor(high))
        within = multiple is not None
        first = _first(low / step, within=within, beyond=low == above)
        last = -_first(-high / step, within=within, beyond=high == below)
        return cls(step, first, last, low, high) if 0 < last - first <= _WIDEST else None

    def stop(self, value: Any) -> int:
        """Find the stop that is nearest to a value; the first for what is no number."""
        number = _decimal(value)
        if number is None or number <= self.low:
            return self.first
        if number >= self.high:
            return self.last
        return min(max(round(number / self.step), self.first), self.last)

    def position(self, stop: int) -> int | float:
        """Say where a stop is on the slider: an end may lie just outside the bounds."""
        return self._plain(stop * self.step)

    def value(self, stop: int) -> int | float:
        """Say what a stop tells."""
        return self._plain(min(max(stop * self.step, self.low), self.high))

    def _plain(self, number: Decimal) -> int | float:
        return int(number) if self.step % 1 == 0 and number % 1 == 0 else float(number)


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Decimal(repr(value) if isinstance(value, float) else value) if value - value == 0 else None


def _first(stop: Decimal, *, within: bool, beyond: bool) -> int:
    """Give the first stop from a lower bound on, in steps: not under it if `within`, nor on it if `beyond`."""
    first = math.ceil(stop) if within or beyond else math.floor(stop)
    return first + 1 if beyond and first == stop else first


def _round_step(span: Decimal) -> Decimal:
    """Give the round number, 1 or 5 at some power of ten, at or just under a hundredth of the span."""
    power = Decimal(1).scaleb((span / 100).adjusted())
    return power * 5 if power * 5 <= span / 100 else power
