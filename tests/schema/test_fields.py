"""A model's schema becomes typed fields, in the order of a form; an odd property takes no other down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.schema.fields import (
    UNSET,
    ChoiceField,
    Field,
    FileField,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    TextField,
    UnionField,
    limits,
    read_field,
    read_fields,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
words = st.sampled_from(
    ["type", "enum", "items", "format", "default", "minimum", "maximum", "x-order", "title", "maxLength", "$ref"]
)


def test_the_printed_schema_becomes_five_fields(truefusion_pro: dict[str, Any]) -> None:
    """truefusion-pro, word for word: kinds, bounds, choices and defaults."""
    p = truefusion_pro["properties"]

    def told(name: str) -> dict[str, Any]:
        return {"name": name, "description": p[name]["description"], "schema": p[name]}

    assert read_fields(truefusion_pro) == (
        TextField(required=True, long=True, **told("prompt")),
        ChoiceField(choices=("1:1", "16:9", "9:16", "4:3", "3:4"), default="1:1", **told("aspect_ratio")),
        NumberField(integer=True, minimum=1, maximum=4, default=1, **told("num_outputs")),
        NumberField(minimum=0, maximum=10, default=3.0, **told("guidance")),
        NumberField(integer=True, **told("seed")),
    )


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"type": "string"}, TextField),
        ({"type": "string", "minLength": 2, "maxLength": 9}, TextField),
        ({"type": "string", "format": "uri"}, FileField),
        ({"type": "string", "enum": ["a"]}, ChoiceField),
        ({"type": "integer", "enum": [16000, 24000]}, ChoiceField),
        ({"enum": [True, None, "x"]}, ChoiceField),
        ({"type": "integer"}, NumberField),
        ({"type": "number"}, NumberField),
        ({"type": "boolean"}, FlagField),
        ({"type": "array", "items": {"type": "string", "format": "uri"}}, ListField),
        ({"type": "object"}, JsonField),
        ({"type": ["string", "null"]}, TextField),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, UnionField),
        ({"allOf": [{"$ref": "#/definitions/size"}]}, JsonField),
        ({}, JsonField),
    ],
)
def test_each_kind_of_property_has_its_field(schema: dict[str, Any], field: type[Field]) -> None:
    """One small class for each kind; what fits none is JSON."""
    assert type(read_field("x", schema)) is field


@pytest.mark.parametrize("mark", [{"format": "password"}, {"x-cog-secret": True}])
def test_a_secret_is_marked(mark: dict[str, Any]) -> None:
    """Both ways in which schemas say that a text is a secret."""
    assert read_field("token", {"type": "string", **mark}) == TextField(
        name="token", secret=True, format=mark.get("format", ""), schema={"type": "string", **mark}
    )


def test_a_list_s_entries_are_described() -> None:
    """A list of links is a list of file fields."""
    field = read_field("images", {"type": "array", "items": {"type": "string", "format": "uri"}})
    assert isinstance(field, ListField)
    assert isinstance(field.item, FileField)


def test_a_list_of_lists_is_read_as_json_however_deep() -> None:
    """A schema nested a thousand times does not break the reader."""
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    field = read_field("deep", schema)
    assert isinstance(field, ListField)
    assert isinstance(field.item, JsonField)


def test_no_default_differs_from_null_as_the_default() -> None:
    """`default: null` is a value; no default is UNSET, which is false and says its name."""
    assert read_field("x", {"type": "string", "default": None}).default is None
    assert read_field("x", {"type": "string"}).default is UNSET
    assert (repr(UNSET), bool(UNSET)) == ("UNSET", False)


def test_fields_stand_by_x_order_then_required_then_as_given() -> None:
    """Gaps and absences in `x-order` are no trouble."""
    schema = {
        "required": ["r"],
        "properties": {
            "b": {"type": "string"},
            "r": {"type": "string"},
            "late": {"type": "string", "x-order": 70},
            "first": {"type": "string", "x-order": -1},
            "odd": {"type": "string", "x-order": "3"},
            "true": {"type": "string", "x-order": True},
        },
    }
    assert [field.name for field in read_fields(schema)] == ["first", "late", "r", "b", "odd", "true"]


def test_a_gigantic_x_order_is_an_order_too() -> None:
    """A whole number that no float can hold does not raise."""
    schema = {"properties": {"big": {"x-order": 10**400}, "small": {"x-order": 1}}}
    assert [field.name for field in read_fields(schema)] == ["small", "big"]


@pytest.mark.parametrize(
    "schema", [None, [], "schema", 3, {}, {"properties": None}, {"properties": []}, {"properties": {}}]
)
def test_what_is_no_schema_has_no_fields(schema: object) -> None:
    """A model without inputs, or with nonsense in their place."""
    assert read_fields(schema) == ()


def test_a_property_that_is_no_schema_is_left_out() -> None:
    """One broken property does not take the others down."""
    assert [f.name for f in read_fields({"properties": {"bad": 7, "good": {"type": "string"}}})] == ["good"]


@given(st.dictionaries(st.text(max_size=3), st.dictionaries(words, json_values, max_size=5), max_size=4), json_values)
def test_no_schema_breaks_the_reader(properties: dict[str, Any], required: Any) -> None:
    """Any JSON in any place: fields for all properties, and no exception, also when their limits are told."""
    fields = read_fields({"properties": properties, "required": required})
    assert sorted(field.name for field in fields) == sorted(properties)
    for field in fields:
        assert all(isinstance(phrase, str) for phrase in limits(field))


@pytest.mark.parametrize(
    ("schema", "phrases"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 4}, ["1 to 4"]),
        ({"type": "number", "minimum": 0.5}, ["at least 0.5"]),
        ({"type": "number", "maximum": 10}, ["at most 10"]),
        ({"type": "string", "maxLength": 3500}, ["at most 3500 characters"]),
        ({"type": "string", "enum": ["mp3", "wav"]}, ["one of mp3, wav"]),
        ({"enum": list(range(13))}, ["one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"]),
        ({"type": "boolean"}, []),
        ({"type": "number", "exclusiveMinimum": 0, "lt": 1}, ["above 0", "below 1"]),
        ({"type": "integer", "minimum": 8, "multipleOf": 8}, ["at least 8", "a multiple of 8"]),
        ({"type": "string", "minLength": 1}, ["at least 1 character"]),
        ({"type": "string", "minLength": 2, "maxLength": 9, "pattern": "^a"}, ["2 to 9 characters", "of the form ^a"]),
        ({"type": "string", "minLength": 4, "maxLength": 4}, ["4 characters"]),
        ({"type": "array", "minItems": 1, "maxItems": 3, "uniqueItems": True}, ["1 to 3 entries", "no entry twice"]),
        ({"type": "array", "maxItems": 1}, ["at most 1 entry"]),
        ({"type": "object", "properties": {"a": {}, "b": {}}}, ["with a, b"]),
        ({"type": ["string", "integer", "null"]}, ["Text or Whole number", "null allowed"]),
        ({"const": None}, ["only null"]),
        ({"$ref": "#/none"}, ["any JSON (it refers to what is not there)"]),
        ({"type": "integer", "nullable": True}, ["null allowed"]),
    ],
)
def test_limits_are_told_in_short_phrases(schema: dict[str, Any], phrases: list[str]) -> None:
    """What help and errors say of a field."""
    assert list(limits(read_field("x", schema))) == phrases


SCHEMAS = Path(__file__).resolve().parents[1] / "data" / "schemas"
KINDS = {
    "partner-flux-kontext-pro": {"input_image": FileField, "safety_tolerance": NumberField, "seed": NumberField},
    "partner-seedream-4": {"image_input": ListField, "width": NumberField},
    "partner-flux-dev-finetune": {"hf_api_token": TextField},
    "beatfusion-2.0": {"lyrics": TextField, "sample_rate": ChoiceField},
}


def test_real_schemas_are_read_whole() -> None:
    """Every property of every published schema at hand becomes a field."""
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        schema = schema.get("input_schema", schema)
        fields = {field.name: field for field in read_fields(schema)}
        assert set(fields) == set(schema.get("properties", {})), path.name
        for name, kind in KINDS.get(path.stem, {}).items():
            if name in fields:
                assert type(fields[name]) is kind, (path.name, name)
