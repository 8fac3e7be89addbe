"""Typed text -> values: each is read by its field's kind. What does not fit stays as it was typed, for the checker."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import InputError, plain
from .kinds import ChoiceField, Field, FileField, FlagField, ListField, TextField
from .limits import word
from .shapes import identity

_TRUE = {"true": True, "yes": True, "on": True, "1": True}
_FALSE = {"false": False, "no": False, "off": False, "0": False}
FLAGS = _TRUE | _FALSE


def coerce(fields: Iterable[Field], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Read typed text by each field's kind; what does not fit stays text, for the checker to judge.

    Names without a field are read as JSON where they are JSON. A value that is no text stays as it is, except that a
    number given to a text field becomes text.
    """
    by_name = {field.name: field for field in fields}
    return {name: _value(by_name.get(name), value) for name, value in typed.items()}


def _value(field: Field | None, value: Any) -> Any:
    if isinstance(value, str):
        return _read(field, value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if number and isinstance(field, TextField) else value


def _read(field: Field | None, typed: str) -> Any:
    match field:
        case TextField() | FileField():
            return typed
        case ChoiceField(choices=choices):
            meant = identity(read_json(typed))
            return next((choice for choice in choices if word(choice) == typed or identity(choice) == meant), typed)
        case FlagField():
            return None if field.nullable and typed == "null" else FLAGS.get(typed.strip().lower(), typed)
        case ListField(item=item):
            value = read_json(typed)
            return [_read(item, part.strip()) for part in typed.split(",")] if isinstance(value, str) else value
        case _:
            return read_json(typed)


def native(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn numbers and arrays of numpy into Python's own, which JSON can say; other values stay as they are."""
    if not isinstance(values, Mapping):
        raise InputError(f"The inputs are {plain(type(values).__name__)}, not a dict.", 'Use {"prompt": "…"}.')
    return {name: value.tolist() if hasattr(value, "tolist") else value for name, value in values.items()}


def read_json(typed: Any) -> Any:
    """Read text as JSON; what is no JSON, or no text, stays as it is."""
    if not isinstance(typed, str):
        return typed

    def refuse(constant: str) -> Any:
        raise ValueError(constant)

    try:
        return json.loads(typed, parse_constant=refuse)
    except (ValueError, RecursionError):
        return typed
