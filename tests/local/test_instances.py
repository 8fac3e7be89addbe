"""Values made for a schema: each is one that jsonschema accepts, and always the same one."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from skytells_nb.local.instances import patterns
from skytells_nb.local.instances.chance import Chooser
from skytells_nb.local.instances.drafts import Hints
from skytells_nb.local.instances.instances import UnsatisfiableError, flaw, instance

HINTS = Hints(("Paris", "weather"), (3, 7.5), "(sandbox)")
LETTERS = st.text("abcxyz", min_size=1, max_size=5)


def fits(schema: Any, value: Any) -> bool:
    """Whether jsonschema accepts the value, formats included."""
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


def strings() -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of texts: of a length, a format or a pattern."""
    lengths = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda ends: {"type": "string", "minLength": min(ends), "maxLength": max(ends)}
    )
    formats = ["date-time", "date", "time", "email", "hostname", "ipv4", "ipv6", "uri", "uuid", "duration", "odd"]
    texts = [
        "^[A-Z]{2,4}-[0-9]+$",
        "^(red|green|blue)$",
        "x.y",
        r"^\d{3}(-\d{2})?$",
        r"\w+@\w+\.com",
        "^[^a-z]+$",
        "(a|b)*c",
    ]
    return st.one_of(
        st.just({"type": "string"}),
        lengths,
        st.sampled_from(formats).map(lambda name: {"type": "string", "format": name}),
        st.sampled_from(texts).map(lambda text: {"type": "string", "pattern": text}),
    )


def numbers() -> st.SearchStrategy[dict[str, Any]]:
    """Schemas of numbers: with limits a number is sure to be between, open and closed, and of a step."""
    ends = st.tuples(st.integers(-1000, 1000), st.integers(1, 500))
    closed = st.builds(
        lambda kind, e: {"type": kind, "minimum": e[0], "maximum": e[0] + e[1]},
        st.sampled_from(["integer", "number"]),
        ends,
    )
    opened = ends.map(lambda e: {"type": "number", "exclusiveMinimum": e[0], "exclusiveMaximum": e[0] + e[1]})
    whole = ends.map(lambda e: {"type": "integer", "exclusiveMinimum": e[0], "exclusiveMaximum": e[0] + e[1] + 1})
    stepped = st.builds(
        lambda low, step: {"type": "integer", "minimum": low, "multipleOf": step},
        st.integers(-99, 99),
        st.integers(1, 20),
    )
    below = st.integers(-500, 500).map(lambda high: {"type": "number", "maximum": high})
    return st.one_of(st.sampled_from([{"type": "integer"}, {"type": "number"}]), closed, opened, whole, stepped, below)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas made of others: lists, objects, choices, joined ones, and ones that may be null."""
    fields = st.dictionaries(LETTERS, inner, max_size=4)

    def objects(known: dict[str, Any], required: float, more: Any) -> dict[str, Any]:
        names = list(known)[: round(required * len(known))]
        return {"type": "object", "properties": known, "required": names, "additionalProperties": more}

    return st.one_of(
        st.builds(objects, fields, st.floats(0, 1), st.booleans()),
        st.builds(
            lambda item, low, extra: {"type": "array", "items": item, "minItems": low, "maxItems": low + extra},
            inner,
            st.integers(0, 3),
            st.integers(0, 3),
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda many: {"type": "array", "prefixItems": many, "items": False, "minItems": len(many)}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda many: {"anyOf": many}),
        inner.map(
            lambda one: {"oneOf": [{"type": "null"}, {"type": "object", "properties": {"v": one}, "required": ["v"]}]}
        ),
        inner.map(lambda one: {"allOf": [{"type": "object", "properties": {"v": one}}, {"required": ["v", "w"]}]}),
        inner.map(lambda one: {"type": "object", "additionalProperties": one, "minProperties": 2}),
    )


LEAVES = st.one_of(
    strings(),
    numbers(),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, True, {"type": ["string", "null"]}]),
    st.lists(st.one_of(LETTERS, st.integers(), st.none()), min_size=1, max_size=4).map(lambda many: {"enum": many}),
    st.one_of(LETTERS, st.integers(), st.lists(st.integers(), max_size=2)).map(lambda one: {"const": one}),
)
PLAIN = st.recursive(LEAVES, nested, max_leaves=8)
REFERRING = PLAIN.map(
    lambda one: {
        "$defs": {"a/b": one},
        "type": "object",
        "properties": {"one": {"$ref": "#/$defs/a~1b"}, "many": {"type": "array", "items": {"$ref": "#/$defs/a~1b"}}},
        "required": ["one"],
    }
)
SCHEMAS = st.one_of(PLAIN, REFERRING)


@given(SCHEMAS, st.text(max_size=8))
def test_a_value_fits_its_schema(schema: Any, seed: str) -> None:
    """Whatever ordinary schema is given, jsonschema accepts the value made for it."""
    assert flaw(schema) is None
    assert fits(schema, instance(schema, seed, HINTS))


@given(SCHEMAS)
def test_the_same_request_gets_the_same_value(schema: Any) -> None:
    """The schema, the seed and the hints decide, and nothing else."""
    assert instance(schema, "a", HINTS) == instance(schema, "a", HINTS)


@given(st.from_regex(r"[a-c]{1,2}(\[[x-z]\]|\(d\|e\)|\\d|\.)?[*+?]?(f\{2,3\})?", fullmatch=True))
def test_a_text_matches_its_pattern(pattern: str) -> None:
    """A regular expression finds itself in the text that is written for it."""
    assert re.search(pattern, patterns.matching(pattern, Chooser("a")))


TREE = {
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "kids": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["value", "next", "kids"],
            "additionalProperties": False,
        }
    },
    "$ref": "#/$defs/node",
}


@pytest.mark.parametrize(
    "schema",
    [
        TREE,
        {"type": "object", "properties": {"me": {"$ref": "#"}}},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "contains": {"const": 5}, "minItems": 2},
        {
            "type": "object",
            "patternProperties": {"^x-[a-z]+$": {"type": "integer"}},
            "additionalProperties": False,
            "minProperties": 1,
        },
        {"type": "object", "propertyNames": {"pattern": "^[A-Z]{3}$"}, "minProperties": 1},
        {
            "type": "object",
            "properties": {"a": {"const": 1}, "b": {"type": "string"}},
            "required": ["a"],
            "dependentRequired": {"a": ["b"]},
        },
        {
            "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
            "then": {"required": ["size"]},
            "type": "object",
        },
        {"not": {"type": "string"}},
        {"oneOf": [{"type": "integer", "multipleOf": 3}, {"type": "integer", "multipleOf": 5}]},
        {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"}]},
        {"type": "number", "multipleOf": 0.1, "minimum": 0.35},
        {"type": "string", "pattern": "a+b", "minLength": 7},
        {"type": "object", "nullable": True, "properties": {"a": {"type": ["null", "integer"], "maximum": -4}}},
        {"type": "string", "enum": ["Paris", "Rome"]},
    ],
)
def test_a_construct_is_met(schema: Any) -> None:
    """Recursion, sets, containment, names by pattern, conditions, exclusions, steps: each has a valid value."""
    assert fits(schema, instance(schema, "seed", HINTS))


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"$ref": "#"},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/$defs/none"},
        {"enum": [1], "type": "string"},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "string", "minLength": 10**9},
        {"type": "array", "minItems": 10**7},
        {"type": "object", "minProperties": 10**7},
        {"type": "string", "pattern": "(?P<a"},
        {"type": "array", "items": {"type": "array", "minItems": 900, "items": {}}, "minItems": 900},
    ],
)
def test_what_cannot_be_met_is_told_soon(schema: Any) -> None:
    """A schema that allows nothing, or asks for too much, is an error within a second of work."""
    begun = time.thread_time()
    with pytest.raises(UnsatisfiableError, match="no value was found"):
        instance(schema, "seed")
    assert time.thread_time() - begun < 1


@pytest.mark.parametrize(
    ("schema", "hint"), [({"type": 5}, "$.type"), ({"properties": []}, "$.properties"), ({"minimum": "1"}, "$.minimum")]
)
def test_a_wrong_schema_is_told_by_its_place(schema: Any, hint: str) -> None:
    """The flaw names where the schema is none."""
    assert str(flaw(schema)).startswith(hint)


def test_a_value_takes_up_the_words_and_numbers() -> None:
    """Texts take the words in turn, with the mark; numbers go where they fit; a choice prefers a word."""
    schema = {
        "type": "object",
        "properties": {
            "place": {"type": "string"},
            "what": {"type": "string"},
            "days": {"type": "integer", "minimum": 1},
            "limit": {"type": "number"},
            "city": {"enum": ["Oslo", "Paris"]},
        },
    }
    assert instance(schema, "seed", HINTS) == {
        "place": "Paris (sandbox)",
        "what": "weather (sandbox)",
        "days": 3,
        "limit": 7.5,
        "city": "Paris",
    }
