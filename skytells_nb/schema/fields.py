"""JSON Schema -> Field values: one small class for each kind of input.

Attributes are named as in JSON Schema. A property that no class fits becomes a `JsonField`, never an error: one odd
property must not take the others down. Order: `x-order`, then required ones, then as given. Everything here is text
from a server: escape it before showing it.

Dialect: https://json-schema.org/draft/2020-12/json-schema-validation, as Skytells models and their like use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

Schema = dict[str, Any]


class _Unset:
    """The one value that says: there is none. `None` is a value of its own in JSON."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET = _Unset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What all kinds share; `default` is UNSET where the schema gives none.

    `nullable` says that null may be sent; `schema` is the property's own schema, as the model gives it.
    """

    name: str
    title: str = ""
    description: str = ""
    required: bool = False
    default: Any = UNSET
    nullable: bool = False
    examples: tuple[Any, ...] = ()
    deprecated: bool = False
    read_only: bool = False
    schema: Schema

    @property
    def label(self) -> str:
        """What a person calls it: its title, else its name in words."""
        return self.title.strip() or self.name.replace("_", " ").strip().capitalize() or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField(Field):
    """A string; lengths in characters. `format` is JSON Schema's word, `long` says that it may need several lines."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    format: str = ""
    secret: bool = False
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberField(Field):
    """A number, whole where `integer`; `above` and `below` are the bounds that it must not reach itself."""

    integer: bool = False
    minimum: float | int | None = None
    maximum: float | int | None = None
    above: float | int | None = None
    below: float | int | None = None
    multiple_of: float | int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagField(Field):
    """True or false."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceField(Field):
    """One of a list of values; a constant is a list of one."""

    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileField(Field):
    """A link to a file; `media` is image, audio, video or "" where the schema does not tell."""

    media: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListField(Field):
    """A list; `item` describes each entry (a list in a list is JSON)."""

    item: Field
    min_items: int | None = None
    max_items: int | None = None
    unique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectField(Field):
    """An object with named parts; `open` says that the schema allows other names too."""

    fields: tuple[Field, ...]
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionField(Field):
    """A value of one of several kinds; each option is a field of the same name with a title of its own."""

    options: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonField(Field):
    """Any JSON value; `why` says in a few words why no other kind fits, "" where the schema allows anything."""

    why: str = ""


def read_fields(schema: object) -> tuple[Field, ...]:
    """Read a model's input schema; () for one without properties."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return ()
    given = schema.get("required")
    required = {name for name in given if isinstance(name, str)} if isinstance(given, list) else set()
    properties = [(name, cast("Schema", p)) for name, p in schema["properties"].items() if isinstance(p, dict)]
    ranked = sorted(properties, key=lambda named: (_order(named[1]), named[0] not in required))
    return tuple(read_field(name, p, required=name in required) for name, p in ranked)


def _order(schema: Schema) -> float | int:
    order = _number(schema.get("x-order"))
    return float("inf") if order is None else order


def read_field(name: str, schema: Schema, *, required: bool = False) -> Field:
    """Read one property."""
    shared: dict[str, Any] = {
        "name": name,
        "title": _string(schema.get("title")),
        "description": _string(schema.get("description")),
        "required": required,
        "default": schema.get("default", UNSET),
        "schema": schema,
    }
    kind = schema.get("type")
    if isinstance(schema.get("enum"), list):
        return ChoiceField(choices=tuple(schema["enum"]), **shared)
    if kind == "string" and schema.get("format") == "uri":
        return FileField(**shared)
    if kind == "string":
        secret = schema.get("format") == "password" or schema.get("x-cog-secret") is True
        return TextField(
            min_length=_whole(schema.get("minLength")),
            max_length=_whole(schema.get("maxLength")),
            secret=secret,
            **shared,
        )
    if kind in ("integer", "number"):
        low, high = _number(schema.get("minimum")), _number(schema.get("maximum"))
        return NumberField(integer=kind == "integer", minimum=low, maximum=high, **shared)
    if kind == "boolean":
        return FlagField(**shared)
    if kind == "array":
        return ListField(item=_item(schema.get("items")), **shared)
    return JsonField(**shared)


def _item(schema: object) -> Field:
    items: Schema = schema if isinstance(schema, dict) else {}
    return JsonField(name="item", schema=items) if items.get("type") == "array" else read_field("item", items)


def limits(field: Field) -> Iterator[str]:
    """Say a field's limits in short phrases, for help and errors."""
    if isinstance(field, ChoiceField):
        shown = ", ".join(str(choice) for choice in field.choices[:12])
        yield f"one of {shown}" + (", …" if len(field.choices) > 12 else "")
    if isinstance(field, NumberField):
        if field.minimum is not None and field.maximum is not None:
            yield f"{field.minimum} to {field.maximum}"
        elif field.minimum is not None:
            yield f"at least {field.minimum}"
        elif field.maximum is not None:
            yield f"at most {field.maximum}"
    if isinstance(field, TextField) and field.max_length is not None:
        yield f"at most {field.max_length} characters"


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _number(value: object) -> float | int | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
