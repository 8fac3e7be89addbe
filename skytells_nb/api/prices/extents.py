"""How many of something there are: exactly, between bounds, or nobody knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal


@dataclass(frozen=True, slots=True)
class Extent:
    """A number between `low` and `high`; None where there is no bound. `why` says why it is not exact."""

    low: Decimal | None
    high: Decimal | None
    why: str = ""

    @property
    def exact(self) -> Decimal | None:
        """The number, where it is exactly known."""
        return self.low if self.low is not None and self.low == self.high else None

    def times(self, other: Extent) -> Extent:
        """Multiply by another."""
        why = "; ".join(dict.fromkeys(filter(None, (self.why, other.why))))
        return Extent(_product(self.low, other.low), _product(self.high, other.high), why)

    def plus(self, other: Extent) -> Extent:
        """Add another."""
        why = "; ".join(dict.fromkeys(filter(None, (self.why, other.why))))
        return Extent(_sum(self.low, other.low), _sum(self.high, other.high), why)

    def begun(self, length: int) -> Extent:
        """Count the pieces of `length` that are begun."""
        return Extent(_pieces(self.low, length), _pieces(self.high, length), self.why)

    def or_else(self, other: Extent) -> Extent:
        """Join two of which one holds, and nobody knows which."""
        low = None if self.low is None or other.low is None else min(self.low, other.low)
        high = None if self.high is None or other.high is None else max(self.high, other.high)
        return Extent(low, high, self.why or other.why)

    def __str__(self) -> str:
        if self.exact is not None:
            return _written(self.exact)
        if self.low is None and self.high is None:
            return "unknown"
        if self.high is None:
            return f"at least {_written(self.low)}"
        return f"{_written(self.low)} to {_written(self.high)}" if self.low else f"at most {_written(self.high)}"


def exactly(number: Decimal | int) -> Extent:
    """Give a number that is known."""
    return Extent(Decimal(number), Decimal(number))


def unknown(why: str) -> Extent:
    """Give a number of which nothing is known, and why."""
    return Extent(None, None, why)


def between(numbers: Iterable[Decimal], why: str) -> Extent:
    """Give a number that is one of several, or between the first and the last."""
    known = list(numbers)
    return Extent(min(known), max(known), why if min(known) != max(known) else "")


def _product(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one == 0 or other == 0:  # none of an unknown number is none
        return Decimal(0)
    return None if one is None or other is None else one * other


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _pieces(number: Decimal | None, length: int) -> Decimal | None:
    return None if number is None else (number / length).to_integral_value(ROUND_CEILING)


def _written(number: Decimal | None) -> str:
    text = f"{number:f}" if number is not None else "?"
    return text.rstrip("0").rstrip(".") if "." in text else text
