"""JSON Schema -> Field values.

A property that no kind fits becomes a `JsonField` that says why, never an error: one odd property must not take the
others down. Order: `x-order`, then required ones, then as given.

Dialect: https://json-schema.org/draft/2020-12/json-schema-validation and draft-07, with OpenAPI's `nullable` and
`discriminator`, and pydantic's `ge`, `le`, `gt`, `lt`.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .document import Document, Flat
from .kinds import (
    UNSET,
    ChoiceField,
    Field,
    FileField,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    ObjectField,
    Schema,
    TextField,
    UnionField,
)
from .leaves import choice_field, notes, number_field, text_field
from .limits import limits, word
from .names import known_properties
from .shapes import count, distinct, number, text, words

__all__ = [
    "UNSET", "ChoiceField", "Field", "FileField", "FlagField", "JsonField", "ListField", "NumberField", "ObjectField",
    "Schema", "TextField", "UnionField", "limits", "read_field", "read_fields",
]  # fmt: skip

_DEEPEST = 6
_MOST_OPTIONS = 50
_TOO_DEEP = "it is nested too deeply"
_NOTHING = "nothing fits it"
_NOTES = frozenset({
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "x-order", "discriminator",
    "anyOf", "oneOf", "nullable",
})  # fmt: skip
_SAYS_KIND = ("type", "properties", "enum", "const", "items", "prefixItems", "anyOf", "oneOf")
_KIND_BY_WORD = {
    "properties": "object", "items": "array", "prefixItems": "array", "maxLength": "string", "minLength": "string",
    "pattern": "string", "format": "string", "minimum": "number", "maximum": "number", "exclusiveMinimum": "number",
    "exclusiveMaximum": "number", "multipleOf": "number", "ge": "number", "le": "number",
}  # fmt: skip
_KIND_TITLES = {"string": "Text", "integer": "Whole number", "number": "Number", "boolean": "True or false",
                "array": "List", "object": "Object"}  # fmt: skip


def read_fields(schema: object, components: Mapping[str, Any] | None = None) -> tuple[Field, ...]:
    """Read a model's input schema; () for one without properties. References are looked up in it and `components`."""
    document = Document(schema, components)
    return _Reader(document).fields(document.flat(document.root, frozenset({"#"})), depth=0)


def read_field(name: str, schema: Schema, *, required: bool = False) -> Field:
    """Read one property by itself."""
    return _Reader(Document(schema)).field(name, schema, frozenset({"#"}), required=required, depth=0)


class _Reader:
    """Reads the parts of one document."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def fields(self, flat: Flat, depth: int) -> tuple[Field, ...]:
        """Read what an object names, in the order in which a person should meet it."""
        properties = known_properties(self._document, flat)
        required = set(words(flat.schema.get("required")))
        placed = []
        for name, part in properties.items():
            if not depth:
                self._document.allow(len(properties))
            if isinstance(part, dict) or part is True:
                schema: Schema = part if isinstance(part, dict) else {}
                try:
                    field = self.field(name, schema, flat.opened, required=name in required, depth=depth)
                except RecursionError:
                    field = JsonField(name=name, required=name in required, schema=schema, why=_TOO_DEEP)
                placed.append((_order(self._document.flat(part, flat.opened)), field))
        placed.sort(key=lambda one: (one[0], not one[1].required))
        return tuple(field for _, field in placed if field.required or not field.read_only)

    def field(
        self, name: str, schema: Schema, opened: frozenset[str], *, depth: int, required: bool = False, title: str = ""
    ) -> Field:
        """Read one part; `opened` are the references around it."""
        flat = self._document.flat(schema, opened)
        shared = notes(name, flat.schema) | {"required": required, "title": title or flat.title, "schema": schema}
        if flat.why:
            return JsonField(why=flat.why, **shared)
        return self._kind(flat, shared, depth)

    def _kind(self, flat: Flat, shared: dict[str, Any], depth: int) -> Field:
        schema = flat.schema
        if "const" in schema:
            return ChoiceField(choices=(schema["const"],), **shared)
        if isinstance(schema.get("enum"), list):
            choices = tuple(distinct(schema["enum"]))
            if None in choices:
                shared["nullable"] = False
            return ChoiceField(choices=choices, **shared) if choices else JsonField(why=_NOTHING, **shared)
        for which in ("anyOf", "oneOf"):
            options = schema.get(which)
            if isinstance(options, list) and options and (field := self._alternatives(which, flat, shared, depth)):
                return field
        kinds = _kinds(schema)
        if "null" in kinds and len(kinds) > 1:
            kinds.remove("null")
            shared["nullable"] = True
        if len(kinds) > 1:
            base = _without_notes(schema)
            options = [({**base, "type": kind}, _KIND_TITLES.get(kind, kind)) for kind in kinds]
            return self._union(options, shared, flat.opened, depth)
        return self._plain(kinds[0] if kinds else "", flat, shared, depth)

    def _alternatives(self, which: str, flat: Flat, shared: dict[str, Any], depth: int) -> Field | None:
        """Read `anyOf` or `oneOf`; None where it only limits what the rest of the schema says."""
        given = [(option, self._document.flat(option, flat.opened)) for option in flat.schema[which]]
        if not any(inner.why or any(said in inner.schema for said in _SAYS_KIND) for _, inner in given):
            return None
        real = [(option, inner) for option, inner in given if not _is_null(inner.schema)]
        if len(real) < len(given):
            shared["nullable"] = True
        if not real:
            return ChoiceField(choices=(None,), **shared | {"nullable": False})
        around = {key: value for key, value in flat.schema.items() if key != which}
        if len(real) == 1:
            both = self._document.flat({"allOf": [around, real[0][0]]}, flat.opened)
            if both.why:
                return JsonField(why=both.why, **shared)
            own = notes(shared["name"], both.schema)
            own["nullable"] = own["nullable"] or shared["nullable"]
            return self._kind(both, shared | own, depth)
        if all("const" in inner.schema or isinstance(inner.schema.get("enum"), list) for _, inner in real):
            return choice_field([inner for _, inner in real], shared)
        if len(real) > _MOST_OPTIONS:
            return JsonField(why="it has too many alternatives", **shared)
        base = _without_notes(around)
        tag = _tag(flat.schema)
        options = [({"allOf": [option, base]} if base else option, _title(inner, tag)) for option, inner in real]
        return self._union(options, shared, flat.opened, depth)

    def _union(
        self, options: list[tuple[Schema, str]], shared: dict[str, Any], opened: frozenset[str], depth: int
    ) -> Field:
        if depth >= _DEEPEST:
            return JsonField(why=_TOO_DEEP, **shared)
        read: list[Field] = []
        for schema, title in options:
            taken = {field.title for field in read}
            own = next(t for n in itertools.count(1) if (t := title if n == 1 else f"{title} {n}") not in taken)
            read.append(self.field(shared["name"], schema, opened, title=own, depth=depth + 1))
        shared["nullable"] = shared["nullable"] or any(field.nullable for field in read)
        return UnionField(options=tuple(replace(field, nullable=False) for field in read), **shared)

    def _plain(self, kind: str, flat: Flat, shared: dict[str, Any], depth: int) -> Field:
        schema = flat.schema
        match kind:
            case "string":
                return text_field(schema, shared)
            case "integer" | "number":
                return number_field(schema, shared, integer=kind == "integer")
            case "boolean":
                return FlagField(**shared)
            case "null":
                return ChoiceField(choices=(None,), **shared)
            case "array":
                return self._list(flat, shared, depth)
            case "object":
                return self._object(flat, shared, depth)
            case "":
                return JsonField(why=_NOTHING if schema.get("type") == [] else "", **shared)
            case _:
                return JsonField(why="its type is none of JSON's", **shared)

    def _list(self, flat: Flat, shared: dict[str, Any], depth: int) -> Field:
        entries = flat.schema.get("items")
        if isinstance(entries, list) or flat.schema.get("prefixItems"):
            return JsonField(why="its entries differ from place to place", **shared)
        if entries is False:
            return JsonField(why=_NOTHING, **shared)
        if depth >= _DEEPEST:
            return JsonField(why=_TOO_DEEP, **shared)
        schema: Schema = entries if isinstance(entries, dict) else {}
        item = self.field("item", schema, flat.opened, depth=depth + 1)
        if isinstance(item, ListField):
            item = JsonField(name="item", schema=schema, why="a list in a list")
        return ListField(
            item=item,
            min_items=count(flat.schema.get("minItems")),
            max_items=count(flat.schema.get("maxItems")),
            unique=flat.schema.get("uniqueItems") is True,
            **shared,
        )

    def _object(self, flat: Flat, shared: dict[str, Any], depth: int) -> Field:
        if depth >= _DEEPEST:
            return JsonField(why=_TOO_DEEP, **shared)
        parts = self.fields(flat, depth + 1)
        if not parts:
            return JsonField(**shared)
        more = flat.schema.get("additionalProperties", False)
        return ObjectField(fields=parts, open=more is not False or "patternProperties" in flat.schema, **shared)


def _order(flat: Flat) -> float | int:
    order = number(flat.schema.get("x-order"))
    return float("inf") if order is None else order


def _kinds(schema: Schema) -> list[str]:
    """List the types that a schema names, or that its words imply."""
    given = schema.get("type")
    kinds = list(dict.fromkeys([given] if isinstance(given, str) else words(given)))
    if "number" in kinds and "integer" in kinds:
        kinds.remove("integer")
    if kinds or "type" in schema:
        return kinds
    return [next((kind for word, kind in _KIND_BY_WORD.items() if word in schema), "")]


def _is_null(schema: Schema) -> bool:
    return schema.get("type") in ("null", ["null"]) or schema.get("const", 0) is None or schema.get("enum") == [None]


def _without_notes(schema: Schema) -> Schema:
    return {word: value for word, value in schema.items() if word not in _NOTES}


def _tag(schema: Schema) -> str:
    given = schema.get("discriminator")
    return text(given.get("propertyName")) if isinstance(given, dict) else ""


def _title(option: Flat, tag: str) -> str:
    """Name one alternative: by its title, its constant, what it refers to, or its type."""
    schema = option.schema
    parts = schema.get("properties")
    tagged = parts.get(tag) if isinstance(parts, dict) else None
    constants = [schema] + ([tagged] if isinstance(tagged, dict) else [])
    constant = next((word(one["const"]) for one in constants if "const" in one), "")
    kinds = [_KIND_TITLES.get(kind, kind) for kind in _kinds(schema) if kind != "null"]
    return text(schema.get("title")).strip() or constant or option.named or " or ".join(kinds) or "Other"
