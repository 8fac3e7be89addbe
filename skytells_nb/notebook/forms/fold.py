"""Which inputs are seen at once, and which stand under "More". Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema.fields import Field

MOST_AT_ONCE = 8
_OPTIONAL_AT_ONCE = 6


def parted(fields: Sequence[Field]) -> tuple[tuple[Field, ...], tuple[Field, ...]]:
    """Part fields, in their order: those seen at once, and those rarely used.

    A small form is seen whole, but for deprecated inputs; of a large one the required and the first optional inputs.
    """
    current = [field for field in fields if not field.deprecated or field.required]
    optional = [field for field in current if not field.required]
    seen = optional if len(current) <= MOST_AT_ONCE else optional[:_OPTIONAL_AT_ONCE]
    shown = {field.name for field in current if field.required} | {field.name for field in seen}
    at_once = tuple(field for field in fields if field.name in shown)
    return at_once, tuple(field for field in fields if field.name not in shown)
