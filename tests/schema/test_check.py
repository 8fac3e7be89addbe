"""Typed text becomes values, and everything wrong with them is said at once, in sentences, without a fetch."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skytells_nb.errors import InvalidInputError
from skytells_nb.schema.check import Checker, Problem, check, coerce, describe, problems_of
from skytells_nb.schema.fields import ListField, UnionField, read_field, read_fields

SONG = {
    "type": "object",
    "required": ["lyrics"],
    "properties": {
        "lyrics": {"type": "string", "minLength": 1, "maxLength": 20},
        "sample_rate": {"type": "integer", "enum": [16000, 44100]},
        "loud": {"type": "boolean"},
        "bpm": {"type": "number", "minimum": 40, "maximum": 240},
        "images": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "counts": {"type": "array", "items": {"type": "integer"}},
        "extra": {"type": "object"},
    },
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keywords = st.sampled_from(
    [
        "$schema", "$ref", "$id", "$defs", "type", "enum", "const", "required", "properties", "items", "minimum",
        "maximum", "minLength", "pattern", "multipleOf", "anyOf", "allOf", "not", "if", "dependencies", "format",
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ({"lyrics": "12"}, "12"),
        ({"lyrics": '{"a": 1}'}, '{"a": 1}'),
        ({"sample_rate": "44100"}, 44100),
        ({"sample_rate": "44k"}, "44k"),
        ({"loud": "yes"}, True),
        ({"loud": "Off"}, False),
        ({"loud": "0"}, False),
        ({"loud": "maybe"}, "maybe"),
        ({"bpm": "92.5"}, 92.5),
        ({"bpm": "92"}, 92),
        ({"bpm": "fast"}, "fast"),
        ({"bpm": "NaN"}, "NaN"),
        ({"bpm": "Infinity"}, "Infinity"),
        ({"images": "a, b"}, ["a", "b"]),
        ({"images": '["a, b"]'}, ["a, b"]),
        ({"counts": "1, 2"}, [1, 2]),
        ({"counts": "1"}, 1),
        ({"extra": '{"a": [1]}'}, {"a": [1]}),
        ({"unknown": "3"}, 3),
        ({"unknown": "three"}, "three"),
    ],
)
def test_typed_text_is_read_by_the_field_s_kind(typed: dict[str, str], value: object) -> None:
    """A text stays text; what does not fit stays text too, for the judge."""
    (read,) = coerce(read_fields(SONG), typed).values()
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ({"lyrics": "la"}, []),
        ({}, ["lyrics is missing"]),
        ({"lyrics": 7}, ["lyrics must be text (got 7)"]),
        ({"lyrics": ""}, ["lyrics must have at least 1 character (it has 0)"]),
        ({"lyrics": "x" * 21}, ["lyrics must have at most 20 characters (it has 21)"]),
        (
            {"lyrics": "la", "sample_rate": 44000},
            ["sample_rate must be one of 16000, 44100 (got 44000; did you mean 44100?)"],
        ),
        ({"lyrics": "la", "loud": "yes"}, ["loud must be true or false (got 'yes')"]),
        ({"lyrics": "la", "bpm": 300}, ["bpm must be at most 240 (got 300)"]),
        ({"lyrics": "la", "bpm": 3}, ["bpm must be at least 40 (got 3)"]),
        ({"lyrics": "la", "bpm": True}, ["bpm must be a number (got True)"]),
        ({"lyrics": "la", "images": "a"}, ["images must be a list (got 'a')"]),
        ({"lyrics": "la", "images": ["a", 2]}, ["images.1 must be text (got 2)"]),
        ({"lyrics": "la", "images": ["a", "b", "c"]}, ["images must have at most 2 entries (it has 3)"]),
        ({"lyrics": "la", "lirycs": "la"}, ["lirycs is not an input (did you mean lyrics?)"]),
        (
            {"lyrics": "la", "zzz": 1},
            ["zzz is not an input (known inputs: lyrics, sample_rate, loud, bpm, images, counts, extra)"],
        ),
        (
            {"bpm": 3, "loud": 1, "lirycs": "x"},
            [
                "lyrics is missing",
                "loud must be true or false (got 1)",
                "bpm must be at least 40 (got 3)",
                "lirycs is not an input (did you mean lyrics?)",
            ],
        ),
    ],
)
def test_every_problem_has_its_sentence(values: dict[str, Any], sentences: list[str]) -> None:
    """All problems at once, each naming the input and its limit: what is missing, then by the order of the fields."""
    assert [str(problem) for problem in problems_of(SONG, values)] == sentences


def test_checking_raises_one_line_with_all_problems(truefusion_pro: dict[str, Any]) -> None:
    """One error names model, inputs and limits, says that nothing was sent, and carries the problems."""
    with pytest.raises(InvalidInputError) as caught:
        check("truefusion-pro", truefusion_pro, {"num_outputs": 9, "promt": "a fox"})
    assert str(caught.value) == (
        "truefusion-pro: prompt is missing; num_outputs must be at most 4 (got 9); "
        "promt is not an input (did you mean prompt?). "
        "Nothing was sent; %skytells_models truefusion-pro shows the inputs."
    )
    assert caught.value.problems == (
        Problem("prompt", "is missing", ("prompt",)),
        Problem("num_outputs", "must be at most 4 (got 9)", ("num_outputs",)),
        Problem("promt", "is not an input (did you mean prompt?)", ("promt",)),
    )


def test_values_that_fit_pass(truefusion_pro: dict[str, Any]) -> None:
    """The printed request's input fits the printed schema."""
    check("truefusion-pro", truefusion_pro, {"prompt": "A red fox", "aspect_ratio": "16:9", "guidance": 3.0})


@pytest.mark.parametrize("freedom", [{"additionalProperties": True}, {"patternProperties": {"^x-": {}}}])
def test_a_schema_that_allows_more_names_allows_them(freedom: dict[str, Any]) -> None:
    """Unknown names are wrong only where the schema's list is closed."""
    assert problems_of({"properties": {"a": {}}, **freedom}, {"x-b": 1}) == ()


def test_a_reference_within_the_schema_is_followed() -> None:
    """Partner models put their choices under a reference."""
    schema = {
        "properties": {"size": {"allOf": [{"$ref": "#/definitions/size"}]}},
        "definitions": {"size": {"enum": ["1K", "2K"]}},
    }
    assert [str(p) for p in problems_of(schema, {"size": "3K"})] == ["size must be one of 1K, 2K (got '3K')"]


def test_a_reference_elsewhere_is_never_fetched() -> None:
    """A schema cannot make this machine call another: nobody knocks, and the service is the judge."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/schema.json"
        schema = {"properties": {"a": {"$ref": address}}}
        assert problems_of(schema, {"a": 1}) == ()
        with pytest.raises(BlockingIOError):
            listening.accept()


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": "http://json-schema.org/draft-03/schema#", "properties": {"a": {}, "b": {"required": True}}},
        {"properties": {"a": {"type": "no-such-type"}}},
        {"properties": {"a": {"minimum": "one"}}},
        {"properties": {"a": {"pattern": "("}}},
        {"properties": {"a": {"$ref": "#/nowhere"}}},
        {"properties": {"a": {"$ref": "#"}}, "$ref": "#"},
        {"properties": {"a": {"multipleOf": 0}}},
        {"required": 5, "properties": {"a": {}}},
    ],
)
def test_a_broken_schema_lets_the_service_judge(schema: dict[str, Any]) -> None:
    """A schema that is itself wrong raises nothing and blocks nothing."""
    assert problems_of(schema, {"a": 1}) == ()


def test_what_is_not_broken_still_holds() -> None:
    """One keyword that is nonsense does not take the others down."""
    schema = {"$schema": ["no name"], "properties": {"a": {"type": "string", "maxLength": 2, "pattern": "("}}}
    assert [str(p) for p in problems_of(schema, {"a": "abc"})] == ["a must have at most 2 characters (it has 3)"]


def test_a_broken_schema_still_knows_its_names() -> None:
    """The list of names needs no working schema."""
    schema = {"$schema": 7, "properties": {"prompt": {"minimum": "x"}}}
    assert [str(p) for p in problems_of(schema, {"promt": 1})] == ["promt is not an input (did you mean prompt?)"]


@given(
    st.dictionaries(keywords, json_values, max_size=6), st.dictionaries(st.text(max_size=5), json_values, max_size=3)
)
def test_no_schema_breaks_the_check(schema: dict[str, Any], values: dict[str, Any]) -> None:
    """Any JSON as a schema against any JSON as values: problems or none, never another exception."""
    for problem in problems_of(schema, values):
        assert isinstance(str(problem), str)


@pytest.mark.parametrize(
    ("schema", "required", "told"),
    [
        ({"type": "string"}, True, "required"),
        ({"type": "integer", "minimum": 1, "maximum": 4, "default": 1}, False, "1 to 4, default 1"),
        ({"type": "boolean", "default": False}, False, "default False"),
        ({"type": "number", "default": 0}, False, "default 0"),
        ({"type": "string", "default": ""}, False, ""),
        ({"type": "string"}, False, ""),
    ],
)
def test_a_field_is_described_in_one_line(schema: dict[str, Any], required: bool, told: str) -> None:
    """Limits and default, as the catalogue shows them."""
    assert describe(read_field("x", schema, required=required)) == told


def test_a_pattern_that_could_take_for_ever_is_left_to_the_service() -> None:
    """It would hang the kernel; other patterns are judged."""
    hostile = {"properties": {"p": {"type": "string", "pattern": "^(a|aa)+$"}}}
    assert problems_of(hostile, {"p": "a" * 60 + "b"}) == ()
    slug = {"properties": {"p": {"type": "string", "pattern": "^[a-z]+(-[a-z]+)*$"}}}
    assert [str(problem) for problem in problems_of(slug, {"p": "No slug at all, but a long line"})] == [
        "p does not have the form ^[a-z]+(-[a-z]+)*$"
    ]
    plain_one = {"properties": {"p": {"type": "string", "pattern": "^[a-z]+$"}}}
    assert [str(problem) for problem in problems_of(plain_one, {"p": "A1"})] == ["p does not have the form ^[a-z]+$"]


def test_a_field_is_judged_by_itself() -> None:
    """A field, an option of a union, an entry of a list: each by its own schema, references looked up in the whole."""
    checker = Checker(
        {
            "properties": {
                "size": {"anyOf": [{"$ref": "#/$defs/side"}, {"enum": ["auto"]}]},
                "sides": {"type": "array", "items": {"$ref": "#/$defs/side"}},
            },
            "$defs": {"side": {"type": "integer", "maximum": 4}},
        }
    )
    size, sides = checker.fields
    assert isinstance(size, UnionField)
    assert isinstance(sides, ListField)
    for field, value in [(size, 3), (size, "auto"), (size.options[0], 3), (size.options[1], "auto"), (sides.item, 4)]:
        assert checker.fits(field, value)
    for field, value in [(size, 5), (size.options[0], "auto"), (sides.item, 5), (sides, [5]), (sides, [float("nan")])]:
        assert not checker.fits(field, value)


def test_doubts_tell_what_is_odd_about_a_default() -> None:
    """Outside its own choices or limits, or of another type; null and no default are no matter."""
    parts = {
        "size": {"enum": ["1K"], "default": "9K"},
        "steps": {"type": "integer", "maximum": 4, "default": 9},
        "seed": {"type": "integer", "default": "random"},
        "fine": {"type": "integer", "default": 3},
        "none": {"type": "integer", "default": None},
        "bare": {"type": "integer"},
    }
    checker = Checker({"properties": parts})
    assert {field.name: doubt for field in checker.fields if (doubt := checker.doubt(field))} == {
        "size": "its default '9K' is none of its choices",
        "steps": "its default breaks its own rule: must be at most 4 (got 9)",
        "seed": "its default breaks its own rule: must be a whole number (got 'random')",
    }


@pytest.mark.parametrize(
    ("part", "text", "value"),
    [
        ({"enum": [True, 1, None]}, "1", 1),
        ({"enum": [True, 1, None]}, "true", True),
        ({"enum": [True, 1, None]}, "null", None),
        ({"type": "integer", "nullable": True}, "null", None),
        ({"type": "boolean", "nullable": True}, "null", None),
        ({"type": ["string", "integer"]}, "5", 5),
        ({"type": ["string", "integer"]}, "a fox", "a fox"),
        ({"type": "object", "properties": {"a": {}}}, '{"a": 1}', {"a": 1}),
        ({"type": "string", "format": "uri"}, "12", "12"),
        ({"type": "array", "items": {"type": "string"}}, "1, 2", ["1", "2"]),
        ({"type": "array", "items": {"type": ["string", "integer"]}}, "a, 2", ["a", 2]),
    ],
)
def test_typed_text_is_read_for_every_kind(part: dict[str, Any], text: str, value: object) -> None:
    """Choices of any type, null where it is allowed, unions and objects as JSON."""
    read = coerce(read_fields({"properties": {"x": part}}), {"x": text})["x"]
    assert (type(read), read) == (type(value), value)


def test_importing_the_checker_does_not_import_jsonschema() -> None:
    """Who never checks never waits for it."""
    code = (
        "import sys, skytells_nb.schema.check; print([name for name in sys.modules if name.startswith('jsonschema')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_large_form_is_judged_in_a_few_milliseconds() -> None:
    """73 fields, the most that a real model has: a keystroke must not be felt (budget 5 ms)."""
    parts = {f"n{n}": {"type": "integer", "minimum": 0, "maximum": 9, "default": 1} for n in range(73)}
    checker = Checker({"properties": parts, "required": list(parts)})
    values = dict.fromkeys(parts, 3)
    assert checker.problems(values) == ()
    spent = []
    for _ in range(20):
        begun = time.perf_counter()
        checker.problems(values)
        spent.append(time.perf_counter() - begun)
    assert min(spent) < 0.005


def test_nullable_allows_null() -> None:
    """OpenAPI's `nullable` is understood."""
    schema = {"properties": {"seed": {"type": "integer", "nullable": True}}}
    assert problems_of(schema, {"seed": None}) == ()
    assert len(problems_of(schema, {"seed": "x"})) == 1


def test_a_required_text_may_not_be_blank() -> None:
    """An empty prompt is told before it is paid for."""
    schema = {"required": ["prompt"], "properties": {"prompt": {"type": "string"}}}
    assert [str(problem) for problem in problems_of(schema, {"prompt": "  "})] == ["prompt is empty"]
