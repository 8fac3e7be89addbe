"""Whether a number is a multiple of another, as both are written: 0.3 is one of 0.1, though no float says so."""

from __future__ import annotations

from fractions import Fraction


def is_multiple(value: float, step: float) -> bool:
    """Say whether a finite number is a whole multiple of a step above 0."""
    return (_exact(value) / _exact(step)).denominator == 1


def _exact(value: float) -> Fraction:
    return Fraction(value) if isinstance(value, int) else Fraction(repr(value))
