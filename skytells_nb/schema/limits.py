"""A field's limits and default, in short phrases for help, catalogues and tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .kinds import (
    ChoiceField,
    Field,
    FileField,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
    UnionField,
)

_KINDS: dict[type[Field], str] = {TextField: "text", FlagField: "yes or no", ChoiceField: "choice", FileField: "link"}


def kind_of(field: Field) -> str:
    """Say in a word or two what kind of value an input takes."""
    if isinstance(field, NumberField):
        return "whole number" if field.integer else "number"
    if isinstance(field, ListField):
        return f"list ({kind_of(field.item)})"
    return _KINDS.get(type(field), "JSON")


def limits(field: Field) -> Iterator[str]:
    """Say a field's limits in short phrases, for help and errors."""
    match field:
        case ChoiceField(choices=choices):
            shown = ", ".join(map(word, choices[:12]))
            yield f"one of {shown}" + (", …" if len(choices) > 12 else "") if len(choices) > 1 else f"only {shown}"
        case NumberField():
            yield from _range(field)
        case TextField():
            yield from _sizes(field.min_length, field.max_length, "character", "characters")
            if field.pattern:
                yield f"of the form {field.pattern}"
        case ListField():
            yield from _sizes(field.min_items, field.max_items, "entry", "entries")
            if field.unique:
                yield "no entry twice"
        case ObjectField(fields=parts):
            yield f"with {', '.join(part.name for part in parts[:12])}" + (", …" if len(parts) > 12 else "")
        case UnionField(options=options):
            yield " or ".join(option.label for option in options[:12])
        case JsonField(why=why) if why:
            yield f"any JSON ({why})"
    if field.nullable:
        yield "null allowed"


def describe(field: Field) -> str:
    """Say in one line what a field takes: its limits and default."""
    told = list(limits(field))
    if field.required:
        told.insert(0, "required")
    elif field.default or field.default in (0, False):
        told.append(f"default {word(field.default)}")
    return ", ".join(told)


def word(value: Any) -> str:
    """Write one JSON value for a person: a text as it is, null as in JSON."""
    try:
        return "null" if value is None else str(value)
    except ValueError:
        return "a number too large to write"


def _range(field: NumberField) -> Iterator[str]:
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        yield f"{low} to {high}"
    elif low is not None:
        yield f"at least {low}"
    elif high is not None:
        yield f"at most {high}"
    if field.above is not None:
        yield f"above {field.above}"
    if field.below is not None:
        yield f"below {field.below}"
    if field.multiple_of is not None:
        yield f"a multiple of {field.multiple_of}"


def _sizes(least: int | None, most: int | None, one: str, many: str) -> Iterator[str]:
    if least and most is not None:
        yield f"{least} to {most} {many}" if least != most else f"{least} {one if most == 1 else many}"
    elif least:
        yield f"at least {least} {one if least == 1 else many}"
    elif most is not None:
        yield f"at most {most} {one if most == 1 else many}"
