"""The four bounds of a number, in whichever dialect they are written."""

from __future__ import annotations

from typing import Any

from .shapes import number

_WAYS = (("minimum", "exclusiveMinimum", "ge", "gt"), ("maximum", "exclusiveMaximum", "le", "lt"))


def bounds(schema: dict[str, Any]) -> dict[str, float | int]:
    """Say a schema's bounds in today's words: minimum, maximum, exclusiveMinimum, exclusiveMaximum.

    Draft 4 says `exclusiveMinimum: true`; pydantic says `ge`, `le`, `gt` and `lt`. What is no number is left out.
    """
    found: dict[str, float | int] = {}
    for closed, outside, closed_too, outside_too in _WAYS:
        reached = _first(schema, closed, closed_too)
        barred = _first(schema, outside, outside_too)
        if schema.get(outside) is True and reached is not None:
            reached, barred = None, reached
        found |= {closed: reached} if reached is not None else {}
        found |= {outside: barred} if barred is not None else {}
    return found


def _first(schema: dict[str, Any], *names: str) -> float | int | None:
    return next((given for name in names if (given := number(schema.get(name))) is not None), None)
