"""Exact arithmetic of money and quantities, and how an amount is written for people."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import ParamSpec, TypeVar

from ..reading import money

P = ParamSpec("P")
T = TypeVar("T")

EXACT = Context(prec=120, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Products and sums of figures that were read are exact in it."""

MOST = Decimal("1e12")
MILLION = Decimal(1_000_000)
LEAST_SHOWN = Decimal("0.000001")
_MOST_DIGITS = 40


def figure(value: object) -> Decimal | None:
    """Read an amount as `reading.money` does; None also for one of over 40 digits."""
    if isinstance(value, str) and len(value) > 60:
        return None
    found = money(value)
    return found if found is not None and len(found.as_tuple().digits) <= _MOST_DIGITS else None


def exact(work: Callable[P, T]) -> Callable[P, T]:
    """Let a function's products and sums of figures be exact, whatever context the notebook has set."""

    @functools.wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with localcontext(EXACT):
            return work(*args, **kwargs)

    return run


@exact
def dollars(amount: Decimal | None, currency: str = "USD") -> str:
    """Write an amount for people: two decimals, more for what is under a cent."""
    if amount is None:
        return "unknown"
    if 0 < abs(amount) < LEAST_SHOWN:
        return f"under {dollars(LEAST_SHOWN, currency)}"
    places = 2 if amount == 0 or (abs(amount) >= Decimal("0.01") and amount == round(amount, 2)) else 6
    written = f"{amount:.{places}f}"
    written = written.rstrip("0") if places > 2 else written
    whole, _, fraction = written.partition(".")
    written = f"{whole}.{fraction:0<2}"
    return f"${written}" if currency == "USD" else f"{written} {currency}"
