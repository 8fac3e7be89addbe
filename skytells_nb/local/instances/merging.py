"""Two JSON Schemas as one that both allow, as far as that can be written keyword by keyword."""

from __future__ import annotations

from typing import Any

_LARGER = {"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"}
_SMALLER = {"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"}


def merged(one: Any, other: Any) -> Any:
    """Return a schema for what `one` and `other` both allow; where a keyword cannot be joined, `other` has it."""
    if one is False or other is False:
        return False
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other if isinstance(other, dict) else one
    joined = one | other
    for key in one.keys() & other.keys():
        joined[key] = _joined(key, one[key], other[key])
    return joined


def _joined(key: str, one: Any, other: Any) -> Any:
    match key:
        case "properties" | "patternProperties" | "$defs" | "definitions":
            return one | other | {name: merged(one[name], other[name]) for name in one.keys() & other.keys()}
        case "required":
            return [*one, *(name for name in other if name not in one)]
        case "enum":
            return [choice for choice in one if choice in other]
        case "type":
            return _types(one, other)
        case "items" | "additionalProperties" | "propertyNames" | "contains":
            return merged(one, other)
        case "allOf":
            return [*one, *other]
        case _ if key in _LARGER:
            return max(one, other)
        case _ if key in _SMALLER:
            return min(one, other)
    return other


def _types(one: Any, other: Any) -> Any:
    first = [one] if isinstance(one, str) else one
    second = [other] if isinstance(other, str) else other
    # An integer is a number too.
    both = [
        kind
        for kind in ("null", "boolean", "integer", "number", "string", "array", "object")
        if all(kind in kinds or (kind == "integer" and "number" in kinds) for kinds in (first, second))
    ]
    return both[0] if len(both) == 1 else both or other
