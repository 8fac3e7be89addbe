"""Whatever the schema and whatever the values: the checker and jsonschema are of one mind, and nothing raises."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.provisional import urls
from jsonschema import Draft7Validator, Draft202012Validator

from skytells_nb.schema.check import Checker, coerce, describe, problems_of
from skytells_nb.schema.fields import read_field, read_fields
from skytells_nb.schema.obvious import is_plain, plainly_fits
from skytells_nb.schema.shapes import identity

from .table import CASES

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

names = st.sampled_from(["a", "b", "c"])
values = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, 2, 7, -3, 0.5, 10**20, "", "a", "ab", "abc", "12", " "]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=5,
)
small = st.integers(0, 3)
bounds = st.sampled_from([-3, 0, 0.5, 1, 2, 10**19])


def some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a schema that has some of the keywords."""
    return st.fixed_dictionaries({}, optional=keywords)


plain_leaves = st.one_of(
    st.builds(
        lambda kind, rest: {"type": kind, **rest},
        st.sampled_from(["string", "integer", "number", "boolean", "null", ["string", "null"], ["integer", "string"]]),
        some(
            minLength=small, maxLength=small, pattern=st.sampled_from(["^a", "b$", "^[0-9]+$"]), minimum=bounds,
            maximum=bounds, exclusiveMinimum=bounds, exclusiveMaximum=bounds, multipleOf=st.sampled_from([1, 2, 7]),
            title=st.text(max_size=3), default=values,
        ),
    ),
    st.builds(lambda choices: {"enum": choices}, st.lists(values, min_size=1, max_size=4)),
    st.builds(lambda value: {"const": value}, values),
    st.booleans(),
    st.just({}),
)  # fmt: skip
leaves = plain_leaves | st.builds(lambda name: {"$ref": f"#/$defs/{name}"}, names)


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw a schema made of schemas."""
    several = st.lists(inner, min_size=1, max_size=3)
    parts = st.dictionaries(names, inner, max_size=3)
    return st.one_of(
        some(type=st.just("array"), items=inner, minItems=small, maxItems=small, uniqueItems=st.booleans(),
             contains=inner),
        some(prefixItems=several, items=inner),
        some(type=st.just("object"), properties=parts, required=st.lists(names, unique=True),
             additionalProperties=inner, minProperties=small, propertyNames=some(maxLength=small),
             dependentSchemas=parts, patternProperties=st.builds(lambda part: {"^[ab]$": part}, inner),
             dependentRequired=st.dictionaries(names, st.lists(names, unique=True))),
        some(anyOf=several), some(oneOf=several), some(allOf=several, type=st.just("integer")), some(**{"not": inner}),
        some(**{"if": inner, "then": inner, "else": inner}),
        some(properties=parts, allOf=several, unevaluatedProperties=inner),
    )  # fmt: skip


schemas = st.recursive(leaves, compound, max_leaves=6)
wholes = st.fixed_dictionaries(
    {
        "properties": st.dictionaries(names, schemas, max_size=3),
        "$defs": st.fixed_dictionaries(
            {"a": plain_leaves, "b": plain_leaves, "c": st.recursive(plain_leaves, compound, max_leaves=3)}
        ),
        "additionalProperties": schemas,
    },
    optional={
        "required": st.lists(names, unique=True),
        "anyOf": st.lists(schemas, min_size=1, max_size=2),
        "allOf": st.lists(schemas, min_size=1, max_size=2),
        "if": schemas,
        "then": schemas,
        "dependentRequired": st.dictionaries(names, st.lists(names, unique=True), max_size=2),
        "not": schemas,
    },
)
instances = st.dictionaries(names, values, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(wholes, instances)
@unhurried
def test_the_checker_and_jsonschema_are_of_one_mind(schema: dict[str, Any], instance: dict[str, Any]) -> None:
    """What jsonschema refuses the checker refuses, and nothing else, but for a required text that is blank."""
    problems = [one for one in Checker(schema).problems(instance) if one.message != "is empty"]
    assert (problems == []) == Draft202012Validator(schema).is_valid(instance)


@given(wholes, instances)
@unhurried
def test_draft_7_is_judged_as_draft_7(schema: dict[str, Any], instance: dict[str, Any]) -> None:
    """Siblings of a reference mean nothing there, nor do newer words; lists of `items` are tuples."""
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **schema}
    problems = [one for one in Checker(schema).problems(instance) if one.message != "is empty"]
    assert (problems == []) == Draft7Validator(schema).is_valid(instance)


@given(wholes, instances)
@unhurried
def test_a_field_fits_what_its_property_fits(schema: dict[str, Any], instance: dict[str, Any]) -> None:
    """Asked field by field, the checker says what jsonschema says of each property by itself."""
    checker = Checker(schema)
    for field in checker.fields:
        part = schema["properties"].get(field.name)
        if field.name in instance and field.schema == part:  # what all of it says of the field may be more
            alone = {"properties": {field.name: part}, "$defs": schema["$defs"]}
            fits = Draft202012Validator(alone).is_valid({field.name: instance[field.name]})
            assert checker.fits(field, instance[field.name]) is fits


@given(wholes)
@unhurried
def test_every_property_is_a_field_that_can_be_told(schema: dict[str, Any]) -> None:
    """Each name once, but for those that must not be given; descriptions and doubts are text."""
    checker = Checker(schema)
    found = [field.name for field in checker.fields]
    given_names = {name for name, part in schema["properties"].items() if part is not False}
    assert len(found) == len(set(found))
    assert given_names <= set(found)
    assert all(isinstance(describe(field), str) for field in checker.fields)
    assert all(isinstance(phrase, str) for phrase in map(checker.doubt, checker.fields))


FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date": st.dates().map(str),
    "time": st.times(timezones=st.timezones()).map(lambda time: time.isoformat()),
    "date-time": st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    "email": st.emails(),
    "uri": urls(),
}


@pytest.mark.parametrize("form", FORMATS)
@given(data=st.data())
@settings(unhurried, max_examples=50)
def test_what_is_of_a_format_is_accepted(form: str, data: st.DataObject) -> None:
    """No text that an RFC allows is refused for its format."""
    schema = {"properties": {"x": {"type": "string", "format": form}}}
    assert problems_of(schema, {"x": data.draw(FORMATS[form])}) == ()


@given(json_values | st.dictionaries(st.text(max_size=5), json_values), instances)
@unhurried
def test_no_json_breaks_anything_as_a_schema(schema: Any, instance: dict[str, Any]) -> None:
    """Fields, problems, doubts: none of them raises, whatever the schema is."""
    checker = Checker(schema, schema)
    assert isinstance(checker.problems(instance), tuple)
    assert all(isinstance(phrase, str) for phrase in map(checker.doubt, checker.fields))


KEYWORDS = [
    "$ref", "allOf", "anyOf", "const", "default", "enum", "exclusiveMinimum", "format", "if", "items", "maxLength",
    "minimum", "multipleOf", "not", "nullable", "pattern", "patternProperties", "prefixItems", "properties",
    "readOnly", "required", "then", "title", "type", "uniqueItems", "x-order", "discriminator", "dependencies",
]  # fmt: skip
nonsense = st.recursive(
    json_values | st.sampled_from(["string", "object", "array", "#", "#/properties/a", "("]),
    lambda inner: st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(names, nonsense, max_size=3), nonsense, instances)
@unhurried
def test_no_nonsense_in_a_schema_breaks_anything(parts: dict[str, Any], rest: Any, instance: dict[str, Any]) -> None:
    """Keywords with values of any shape: each property that is a schema has a field, and nothing raises."""
    schema = {**(rest if isinstance(rest, dict) else {}), "properties": parts}
    checker = Checker(schema)
    asked = {name for name, part in parts.items() if part is True or isinstance(part, dict)}
    shown = {field.name for field in checker.fields}
    assert {name for name in asked - shown if "readOnly" not in str(schema)} == set()
    assert isinstance(checker.problems(instance), tuple)
    assert all(isinstance(phrase, str) for phrase in map(checker.doubt, checker.fields))
    assert isinstance(coerce(checker.fields, {name: str(value) for name, value in instance.items()}), dict)


@given(
    some(
        type=st.sampled_from(["string", "integer", "number", "boolean", "array", ["string", "null"], "odd", 7]),
        enum=st.lists(values, max_size=3), minimum=bounds, maximum=bounds, minLength=small, maxLength=small,
        title=st.just("T"), multipleOf=st.just(2), const=values, nullable=st.just(False),
    ),
    values | st.sampled_from([float("nan"), float("inf")]),
)  # fmt: skip
@settings(unhurried, max_examples=400)
def test_what_plainly_fits_fits(part: dict[str, Any], value: Any) -> None:
    """What is settled without the judge is what the judge would say."""
    if plainly_fits(read_field("x", part), value):
        assert not isinstance(value, float) or math.isfinite(value)
        assert problems_of({"properties": {"x": part}}, {"x": value}) == ()


@given(wholes)
@unhurried
def test_what_is_missing_is_known_without_the_judge(schema: dict[str, Any]) -> None:
    """Of a schema that only requires names, nothing filled in is judged as jsonschema would."""
    plain = {word: schema[word] for word in ("properties", "required", "additionalProperties") if word in schema}
    assert is_plain(plain)
    told = Checker(plain).problems({})
    assert {problem.path for problem in told} == set(plain.get("required", []))
    assert (told == ()) == Draft202012Validator(plain).is_valid({})


@given(values, values)
def test_two_values_share_a_key_if_json_schema_calls_them_equal(one: Any, other: Any) -> None:
    """1 is 1.0, but not true; lists and objects by their parts."""
    assert (identity(one) == identity(other)) is Draft202012Validator({"const": one}).is_valid(other)


EVERY_FIELD = [field for case in CASES for field in read_fields(case.schema, case.components)]


@given(st.text(max_size=5) | st.sampled_from(["null", "1", "[1, [2]]", "{}", "NaN", "a, b"]))
@settings(deadline=None)
def test_typed_text_of_any_kind_is_read_without_a_stumble(typed: str) -> None:
    """Every field of the table reads any text as some value."""
    for field in EVERY_FIELD:
        assert set(coerce([field], {field.name: typed})) == {field.name}
