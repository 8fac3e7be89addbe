"""The kinds of input that hold no others: text, link, number and choice, and what all kinds share."""

from __future__ import annotations

from typing import Any

from . import guesses
from .bounds import bounds
from .document import Flat
from .kinds import UNSET, ChoiceField, Field, FileField, NumberField, Schema, TextField
from .limits import word
from .shapes import count, identity, number, text

_LINKS = frozenset({"uri", "url", "iri", "uri-reference", "data-url", "data-uri", "file", "binary"})
_NO_HELP = "An enumeration."
"""What pydantic says of every enum that says nothing of itself."""


def notes(name: str, schema: Schema) -> dict[str, Any]:
    """Read what all kinds share."""
    examples = schema.get("examples", [schema["example"]] if "example" in schema else [])
    help_ = text(schema.get("description"))
    return {
        "name": name,
        "description": "" if help_ == _NO_HELP else help_,
        "default": schema.get("default", UNSET),
        "nullable": schema.get("nullable") is True,
        "examples": tuple(examples) if isinstance(examples, list) else (),
        "deprecated": schema.get("deprecated") is True,
        "read_only": schema.get("readOnly") is True,
    }


def text_field(schema: Schema, shared: dict[str, Any]) -> Field:
    """Read a string: a link to a file, or a text."""
    form = text(schema.get("format"))
    if form in _LINKS:
        return FileField(media=guesses.media(shared["name"], schema), **shared)
    return TextField(
        min_length=count(schema.get("minLength")),
        max_length=count(schema.get("maxLength")),
        pattern=text(schema.get("pattern")) or None,
        format=form,
        secret=form == "password" or schema.get("x-cog-secret") is True,
        long=guesses.is_long(shared["name"], schema),
        **shared,
    )


def number_field(schema: Schema, shared: dict[str, Any], *, integer: bool) -> Field:
    """Read a number and its bounds."""
    found = bounds(schema)
    step = number(schema.get("multipleOf"))
    return NumberField(
        integer=integer,
        minimum=found.get("minimum"),
        maximum=found.get("maximum"),
        above=found.get("exclusiveMinimum"),
        below=found.get("exclusiveMaximum"),
        multiple_of=step if step and step > 0 else None,
        **shared,
    )


def choice_field(options: list[Flat], shared: dict[str, Any]) -> ChoiceField:
    """Make one list of choices of alternatives that are values, or lists of values."""
    found: dict[Any, tuple[Any, str]] = {}
    for option in options:
        values = [option.schema["const"]] if "const" in option.schema else option.schema["enum"]
        for value in values:
            title = text(option.schema.get("title")) if len(values) == 1 else ""
            found.setdefault(identity(value), (value, title))
    labels = tuple(title or word(value) for value, title in found.values())
    titled = any(title for _, title in found.values())
    return ChoiceField(choices=tuple(value for value, _ in found.values()), labels=labels if titled else (), **shared)
