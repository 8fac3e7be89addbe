"""Two schemas that must both hold, as one: what `allOf` means, for those who read rather than judge."""

from __future__ import annotations

from typing import Any

from .kinds import Schema
from .shapes import identity, number, words

_LEFT_OUT = frozenset({"$ref", "allOf", "$defs", "definitions", "components", "$schema", "$id", "$anchor"})
_HIGHER = frozenset({"minimum", "exclusiveMinimum", "ge", "gt", "minLength", "minItems", "minProperties"})
_LOWER = frozenset({"maximum", "exclusiveMaximum", "le", "lt", "maxLength", "maxItems", "maxProperties"})
_BOTH = frozenset({"items", "additionalProperties", "contains", "propertyNames", "then", "else"})


def merge(into: Schema, part: Schema) -> None:
    """Add one schema's keywords to another's; where they cannot both be said, the first stands."""
    for word, new in part.items():
        if word in _LEFT_OUT:
            continue
        into[word] = _joined(word, into[word], new) if word in into else new


def _joined(word: str, old: Any, new: Any) -> Any:
    if word in ("properties", "patternProperties", "dependentSchemas") and isinstance(old, dict):
        return _parts(old, new) if isinstance(new, dict) else old
    if word == "required":
        return list(dict.fromkeys(words(old) + words(new)))
    if word in _HIGHER or word in _LOWER:
        bounds = [bound for bound in (number(old), number(new)) if bound is not None]
        return (max if word in _HIGHER else min)(bounds, default=old)
    if word == "enum" and isinstance(old, list) and isinstance(new, list):
        known = {identity(choice) for choice in new}
        return [choice for choice in old if identity(choice) in known]
    if word in ("anyOf", "oneOf") and isinstance(old, list) and isinstance(new, list):
        return old + new
    if word == "type":
        return _types(old, new)
    if word == "uniqueItems":
        return True in (old, new)
    if word in _BOTH and old != new:
        return {"allOf": [old, new]}
    return old


def _parts(old: Schema, new: Schema) -> Schema:
    shared = {name: {"allOf": [old[name], new[name]]} for name in old if name in new and old[name] != new[name]}
    return {**new, **old, **shared}


def _types(old: object, new: object) -> object:
    first, second = ([kind] if isinstance(kind, str) else words(kind) for kind in (old, new))
    if not first or not second:
        return old if first else new
    kept = [kind for kind in first if kind in second or (kind == "integer" and "number" in second)]
    kept += ["integer"] if "number" in first and "integer" in second and "integer" not in kept else []
    return kept[0] if len(kept) == 1 else kept
