"""What needs no judge: values that plainly fit a plain field, and a plain schema of which nothing was filled in.

jsonschema takes seconds to load where Jupyter has brought all its formats along; a form that is only shown can do
without it. These functions never refuse: what is not obvious is left to the judge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .kinds import ChoiceField, Field, FlagField, NumberField, TextField
from .shapes import identity, number

_ABOUT = frozenset({
    "$comment", "$defs", "$schema", "components", "default", "definitions", "deprecated", "description", "examples",
    "nullable", "readOnly", "title", "type", "writeOnly",
})  # fmt: skip
_LIMITS = frozenset(("enum", "maxLength", "maximum", "minLength", "minimum"))
_TYPES = {"string": str, "integer": int, "str": str, "int": int}
"""What a choice may be beyond doubt, by the type that its schema names, or by its own."""
_LARGE = 10**300
_WHOLE = _ABOUT | {"additionalProperties", "properties", "required"}


def plainly_fits(field: Field, value: Any) -> bool:
    """Say whether a value fits beyond doubt; False where only the judge can tell."""
    if not _only(field.schema, _ABOUT | _LIMITS):
        return False
    match field:
        case ChoiceField(choices=choices):
            kind = _TYPES.get(str(field.schema.get("type", type(value).__name__)))
            sure = type(value) is kind and _LIMITS.isdisjoint(field.schema.keys() - {"enum"})
            return sure and identity(value) in {identity(choice) for choice in choices}
        case FlagField():
            return isinstance(value, bool)
        case NumberField(integer=whole):
            sure = number(value) is not None and (not whole or isinstance(value, int)) and -_LARGE < value < _LARGE
            return sure and _between(field.minimum, value, field.maximum)
        case TextField():
            return isinstance(value, str) and _between(field.min_length, len(value), field.max_length)
        case _:
            return False


def is_plain(schema: Mapping[str, Any]) -> bool:
    """Say whether a whole schema asks nothing of an empty instance but what it requires."""
    return _only(schema, _WHOLE) and schema.get("type", "object") == "object"


def _only(schema: Mapping[str, Any], known: frozenset[str]) -> bool:
    return all(word in known or str(word).startswith("x-") for word in schema)


def _between(least: float | None, value: float, most: float | None) -> bool:
    return (least is None or least <= value) and (most is None or value <= most)
