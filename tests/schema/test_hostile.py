"""Schemas and values made to hang, to blow up or to deceive: bounded work, no exception, no harm to other fields."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from skytells_nb.schema.check import Checker
from skytells_nb.schema.fields import NumberField

LONG_AGO = 10.0
"""Seconds; each case takes well under one on an idle machine."""
DEEP = 10_000


def nested(levels: int, around: Callable[[Any], Any], inmost: Any) -> Any:
    """Wrap something up many times."""
    for _ in range(levels):
        inmost = around(inmost)
    return inmost


def bomb(levels: int, of: Callable[[dict[str, str]], Any]) -> dict[str, Any]:
    """Give definitions that each refer to the next more than once."""
    named = {f"d{n}": of({"$ref": f"#/$defs/d{n + 1}"}) for n in range(levels)}
    return {**named, f"d{levels}": {"type": "integer"}}


WRAPPINGS: dict[str, Callable[[Any], Any]] = {
    "properties": lambda inner: {"type": "object", "properties": {"a": inner}},
    "items": lambda inner: {"type": "array", "items": inner},
    "allOf": lambda inner: {"allOf": [inner]},
    "anyOf": lambda inner: {"anyOf": [inner, {"type": "boolean"}]},
    "oneOf": lambda inner: {"oneOf": [inner, {"type": "null"}]},
    "not": lambda inner: {"not": inner},
    "then": lambda inner: {"if": True, "then": inner},
    "default": lambda inner: {"default": inner},
    "enum": lambda inner: {"enum": [inner]},
}
BOMBS: dict[str, Callable[[dict[str, str]], Any]] = {
    "anyOf": lambda ref: {"anyOf": [ref, {**ref, "title": "x"}]},
    "allOf": lambda ref: {"allOf": [ref, {**ref, "title": "x"}]},
    "properties": lambda ref: {"type": "object", "properties": dict.fromkeys("abcdefghij", ref)},
    "items": lambda ref: {"type": "array", "items": {"anyOf": [ref, ref, ref]}},
    "then": lambda ref: {"if": ref, "then": ref, "else": ref},
}


def judged(schema: Any, instance: dict[str, Any]) -> tuple[Checker, list[str]]:
    """Ask a checker everything, within the time."""
    begun = time.monotonic()
    checker = Checker(schema)
    told = [str(problem) for problem in checker.problems(instance)]
    assert checker.fields is not None
    assert all(isinstance(phrase, str) for phrase in map(checker.doubt, checker.fields))
    assert time.monotonic() - begun < LONG_AGO
    return checker, told


@pytest.mark.parametrize("word", WRAPPINGS)
def test_a_schema_nested_without_end_harms_no_other_field(word: str) -> None:
    """Ten thousand levels in one property: the next one is a field, and judged."""
    deep = nested(DEEP, WRAPPINGS[word], {"type": "string"})
    checker, told = judged({"properties": {"deep": deep, "seed": {"type": "integer"}}}, {"deep": 1, "seed": "x"})
    assert [type(field) for field in checker.fields if field.name == "seed"] == [NumberField]
    assert "seed must be a whole number (got 'x')" in told


@pytest.mark.parametrize("word", WRAPPINGS)
def test_a_whole_schema_nested_without_end_raises_nothing(word: str) -> None:
    """The whole is ten thousand levels deep."""
    judged(nested(DEEP, WRAPPINGS[word], {"type": "object"}), {"a": 1})


@pytest.mark.parametrize("word", BOMBS)
def test_references_that_multiply_harm_no_other_field(word: str) -> None:
    """Sixty definitions that each name the next twice would be more fields than there is time for."""
    schema = {
        "properties": {"x": {"$ref": "#/$defs/d0"}, "seed": {"type": "integer"}},
        "$defs": bomb(60, BOMBS[word]),
    }
    checker, told = judged(schema, {"x": [[["x"]]], "seed": "x"})
    assert type(checker.fields[-1]) is NumberField
    assert "seed must be a whole number (got 'x')" in told


@pytest.mark.parametrize(
    "definitions",
    [
        {"x": {"$ref": "#/$defs/x"}},
        {"x": {"$ref": "#/$defs/y"}, "y": {"$ref": "#/$defs/x"}},
        {"x": {"allOf": [{"$ref": "#/$defs/x"}]}},
        {"x": {"anyOf": [{"$ref": "#/$defs/x"}, {"not": {"$ref": "#/$defs/x"}}]}},
        {"x": {"if": {"$ref": "#/$defs/x"}, "then": {"$ref": "#"}}},
        {"x": {"$dynamicRef": "#/$defs/x"}},
        {"x": {"$recursiveRef": "#"}},
        {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(DEEP)} | {"x": {"$ref": "#/$defs/0"}},
    ],
)
def test_references_in_circles_are_left_to_the_service(definitions: dict[str, Any], capfd: Any) -> None:
    """One that leads back to itself, or on and on: no exception, nothing on stderr, and the others are judged."""
    schema = {"properties": {"x": {"$ref": "#/$defs/x"}, "seed": {"type": "integer"}}, "$defs": definitions}
    _, told = judged(schema, {"x": 1, "seed": "x"})
    assert told == ["seed must be a whole number (got 'x')"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("value", [nested(DEEP, lambda inner: [inner], 1), nested(DEEP, lambda inner: {"a": inner}, 1)])
@pytest.mark.parametrize("part", [{}, {"type": "string"}, {"enum": [1]}, {"type": "array", "items": {"$ref": "#"}}])
def test_a_value_nested_without_end_is_refused(part: dict[str, Any], value: Any) -> None:
    """Such a value could not even be sent."""
    _, told = judged({"properties": {"x": part}}, {"x": value})
    assert any("x is nested more than 100 levels deep" in one for one in told)


def test_a_value_that_contains_itself_is_refused() -> None:
    """Python can make one; no JSON can say it."""
    value: list[Any] = []
    value.append(value)
    assert judged({"properties": {"x": {}}}, {"x": value})[1] == ["x is nested more than 100 levels deep"]


def test_a_hundred_thousand_properties_are_read_in_time() -> None:
    """A schema as large as a catalogue."""
    names = [f"p{n}" for n in range(100_000)]
    checker, told = judged({"properties": {name: {"type": "string"} for name in names}, "required": names}, {"p1": 1})
    assert len(checker.fields) == 100_000
    assert told[0] == "p0 is missing"
    assert "p1 must be text (got 1)" in told


@pytest.mark.parametrize(
    ("pattern", "refused"),
    [
        ("^(a+)+$", True),
        ("(a|a)*b", True),
        ("(?:a?){40}a{40}", False),
        ("(a|a)" * 150 + "b", True),
        ("a*" * 20 + "b", True),
        ("(?:(?:a|aa)b?)*c", True),
        ("^(a|aa)+$", False),  # it takes for ever: the service is the judge
        ("((a{1000}){1000}){1000}", False),  # it would fill the memory
        ("a" * 5000, False),
        ("(", False),
    ],
)
def test_a_pattern_is_judged_in_time_or_left(pattern: str, refused: bool) -> None:
    """Neither on a value nor on a name does one take for ever."""
    text = "a" * 60 + "!"
    schema = {"properties": {"x": {"type": "string", "pattern": pattern}}, "patternProperties": {pattern: {}}}
    assert [told[:27] for told in judged(schema, {"x": text, text: 1})[1]] == [
        "x does not have the form " + pattern[:2]
    ] * refused


def test_many_slow_patterns_are_given_up_together() -> None:
    """Each may take a moment; a thousand of them take no longer than ten."""
    schema = {"properties": {"x": {"type": "array", "items": {"pattern": "^(a|aa)+$"}}}}
    assert judged(schema, {"x": ["a" * 60 + f"!{n}" for n in range(1000)]})[1] == []


def test_huge_texts_are_told_in_short_sentences() -> None:
    """Millions of characters in a schema and in a value; the message is a line."""
    huge = "x" * 5_000_000
    _, (told,) = judged({"properties": {"x": {"const": huge, "title": huge, "description": huge}}}, {"x": huge + "y"})
    assert len(told) <= 310


def test_control_marks_are_not_repeated() -> None:
    """What a terminal or a bidirectional text would obey stays out of messages."""
    _, (told,) = judged({"properties": {"x": {"enum": ["\x1b[31m\u202egnp"]}}}, {"x": "\u202e\x1b]0;"})
    assert "\x1b" not in told
    assert "\u202e" not in told


def test_a_list_of_many_unlike_objects_is_compared_in_time() -> None:
    """Twenty thousand entries that must differ."""
    entries = [{"n": n} for n in range(20_000)]
    schema = {"properties": {"x": {"type": "array", "uniqueItems": True}}}
    assert judged(schema, {"x": entries})[1] == []
    assert judged(schema, {"x": [*entries, {"n": 5.0}]})[1] == ["x must not hold the same entry twice"]


def test_numbers_beyond_what_can_be_written_are_refused() -> None:
    """Python does not write out whole numbers of 5000 digits."""
    told = judged({"properties": {"x": {"type": "integer", "multipleOf": 0.1, "maximum": 4}}}, {"x": 10**5000})[1]
    assert told[0] == "x is too large a number to be sent"


def test_a_caller_s_odd_values_raise_nothing() -> None:
    """Objects that are no JSON, and names that are no text."""

    class Odd:
        def __repr__(self) -> str:
            raise ValueError

    _, told = judged({"properties": {"x": {"type": "string"}, "y": {}}}, {"x": Odd(), "y": {1: 2}, 3: 4})  # type: ignore[dict-item]
    assert told[0].startswith("x is no JSON value (got <Odd instance")
    assert told[1].startswith("x must be text (got <Odd instance")
    assert told[2:] == ["y has the name 1, not a text", "3 is not an input (known inputs: x, y)"]
