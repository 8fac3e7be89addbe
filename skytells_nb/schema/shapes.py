"""Small questions about JSON values of unknown shape: what is a usable number, what are two equal values."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

LARGEST = 10**4000
"""Python refuses to write longer whole numbers out."""


def text(value: object) -> str:
    """Give a string as it is, "" for anything else."""
    return value if isinstance(value, str) else ""


def number(value: object) -> float | int | None:
    """Give a finite number that can be written as it is, None for anything else; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if (abs(value) <= LARGEST if isinstance(value, int) else math.isfinite(value)) else None


def count(value: object) -> int | None:
    """Give a whole number from 0 as an int (2.0 is one), None for anything else."""
    given = number(value)
    return int(given) if given is not None and given >= 0 and given == int(given) else None


def words(value: object) -> list[str]:
    """Give the strings of a list, [] for anything else."""
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []


def identity(value: Any) -> Hashable:
    """Give a key that two JSON values share if JSON Schema calls them equal: 1 is 1.0, but not true."""
    match value:
        case bool():
            return ("flag", value)
        case list():
            return ("list", tuple(identity(entry) for entry in value))
        case dict():
            return ("object", frozenset((str(name), identity(entry)) for name, entry in value.items()))
        case int() | float() | str() | None:
            return value
        case _:
            return ("other", repr(value))


def distinct(values: list[Any]) -> list[Any]:
    """Give the values without those that JSON Schema calls equal to an earlier one."""
    found: dict[Hashable, Any] = {}
    for value in values:
        found.setdefault(identity(value), value)
    return list(found.values())
