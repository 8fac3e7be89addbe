"""One value as a store gives it -> what its column holds; None for what is none of its kind."""

from __future__ import annotations

import math
from decimal import Decimal, DecimalException
from typing import Any

_MOST_DIGITS = 80
"""Amounts of more digits, or as far from 1, are none."""


def text(value: Any) -> str:
    """Read text that can be written anywhere: half a character is marked."""
    return str(value).encode("utf-8", "replace").decode()


def amount(value: Any) -> Decimal | None:
    """Read exact money as a store gives it; None for what is none."""
    try:
        read = value if isinstance(value, Decimal) else Decimal(value) if isinstance(value, str | int) else None
    except (DecimalException, ValueError):
        return None
    if (
        read is None
        or not read.is_finite()
        or abs(read.adjusted()) > _MOST_DIGITS
        or len(read.as_tuple().digits) > _MOST_DIGITS
    ):
        return None
    return read


def whole(value: Any) -> int | None:
    """Read a whole number of at most 64 bits; None for what is none."""
    try:
        read = int(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return read if -(2**63) <= read < 2**63 and (isinstance(value, str) or read == value) else None


def real(value: Any) -> float | None:
    """Read a finite number; None for what is none."""
    try:
        read = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return read if math.isfinite(read) else None
