"""Forms of every schema of the table, with all their widgets: nothing takes a form down, and set is read back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from skytells_nb.errors import InvalidInputError, SkytellsError
from skytells_nb.notebook.forms import Form
from tests.schema import table
from tests.schema.table import Case


def unfolded(case_or_schema: Any, components: Any = None) -> Form:
    """Make a form with all its widgets."""
    form = Form(case_or_schema, components=components)
    face = form.face
    if face.more is not None:
        face.more.value = True
    return form


def exactly(value: Any) -> str:
    """Write a value so that 1, 1.0 and True differ."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("case", table.CASES, ids=lambda case: case.name)
def test_an_untouched_form_sends(case: Case) -> None:
    """Nothing but required inputs with a default, and showing the widgets changes nothing."""
    form = unfolded(case.schema, case.components)
    assert exactly(form.values) == exactly(case.untouched)


@pytest.mark.parametrize("case", table.CASES, ids=lambda case: case.name)
def test_a_filled_form_gives_back_what_was_set(case: Case) -> None:
    """Exactly, types included, and without a problem."""
    form = unfolded(case.schema, case.components)
    form.replace(case.filled)
    assert exactly(form.values) == exactly(case.filled)
    assert form.problems == ()


@pytest.mark.parametrize("case", table.CASES, ids=lambda case: case.name)
def test_what_the_schema_refuses_the_form_refuses(case: Case) -> None:
    """By an error, or by a problem that keeps Run from starting; the words name the limit."""
    for instance, path, words in case.refused:
        form = Form(case.schema, components=case.components)
        try:
            form.replace(instance)
        except InvalidInputError as error:
            told = error.problems
        else:
            told = form.problems
        assert told
        found = (*told, *form.checker.problems(instance))
        assert any(problem.path == path and words in str(problem) for problem in found)


_words = st.lists(st.text(max_size=6), min_size=1, max_size=14, unique=True)
_numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers()
_part = st.fixed_dictionaries({"a": _numbers}, optional={"b": st.text(max_size=4), "of my own": st.none()})


def _one_of(kind: dict[str, Any], values: list[Any]) -> st.SearchStrategy[tuple[dict[str, Any], Any]]:
    return st.tuples(st.just({**kind, "enum": values}), st.sampled_from(values))


_pairs: st.SearchStrategy[tuple[dict[str, Any], Any]] = st.one_of(
    st.tuples(st.just({"type": "string"}), st.text()),
    st.tuples(st.just({"type": "string", "maxLength": 300}), st.text(max_size=300)),
    st.tuples(st.just({"type": "string", "format": "uri"}), st.sampled_from(["https://a.b/c.png", "data:,x", "urn:x"])),
    st.tuples(st.just({"type": "string", "format": "date"}), st.dates().map(str)),
    st.tuples(st.just({"type": "string", "format": "password"}), st.text()),
    _words.flatmap(lambda words: _one_of({"type": "string"}, words)),
    st.lists(st.integers(), min_size=1, max_size=14, unique=True).flatmap(lambda n: _one_of({"type": "integer"}, n)),
    st.just([1, "1", True, None, 1.5, ["a"], {"b": 2}]).flatmap(lambda mixed: _one_of({}, mixed)),
    st.tuples(st.just({"type": "integer", "minimum": -7, "maximum": 7}), st.integers(-7, 7)),
    st.tuples(st.just({"type": "integer"}), st.integers()),
    st.tuples(st.just({"type": "number", "exclusiveMinimum": 0, "maximum": 1}), st.floats(1e-9, 1)),
    st.tuples(st.just({"type": "number"}), _numbers),
    st.tuples(st.just({"type": "boolean"}), st.booleans()),
    st.tuples(st.just({"type": "array", "items": {"type": "string"}}), st.lists(st.text(max_size=5))),
    st.tuples(st.just({"type": "array", "items": {"type": "number"}, "maxItems": 3}), st.lists(_numbers, max_size=3)),
    st.tuples(
        st.just({"type": "array", "items": {"enum": ["ink", "oil", 3]}, "uniqueItems": True}),
        st.lists(st.sampled_from(["ink", "oil", 3]), unique=True),
    ),
    st.tuples(st.just({"type": ["string", "null"]}), st.none() | st.text()),
    st.tuples(st.just({"type": "integer", "nullable": True}), st.none() | st.integers()),
    st.tuples(
        st.just({"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]}),
        st.none() | st.integers() | st.text(),
    ),
    st.tuples(
        st.just(
            {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}, "required": ["a"]}
        ),
        _part,
    ),
    st.tuples(
        st.just({"type": "array", "items": {"properties": {"a": {"type": "number"}}}}), st.lists(_part, max_size=3)
    ),
    st.tuples(
        st.just({"type": "object", "additionalProperties": {"type": "number"}}), st.dictionaries(st.text(), _numbers)
    ),
)
"""A property as real models have them, and a value that it allows."""

_NAMES = ("prompt", "seed", "image", "size", "loras")


@st.composite
def filled(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a schema of this dialect, and a valid instance."""
    pairs = draw(st.dictionaries(st.sampled_from(_NAMES), _pairs, min_size=1, max_size=4))
    order = st.fixed_dictionaries({}, optional={"title": st.text(max_size=8), "x-order": st.integers(0, 9)})
    properties = {name: {**schema, **draw(order)} for name, (schema, _) in pairs.items()}
    required = draw(st.lists(st.sampled_from(sorted(pairs)), unique=True))
    given = {name for name in pairs if name in required or draw(st.booleans())}
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return schema, {name: value for name, (_, value) in pairs.items() if name in given}


@given(drawn=filled())
@settings(max_examples=80)
def test_any_valid_instance_is_read_back(drawn: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Set then read gives the instance, through all the widgets; a required text that is blank is our own refusal."""
    schema, instance = drawn
    form = unfolded(schema)
    blank = [n for n in schema["required"] if isinstance(instance.get(n), str) and not instance[n].strip()]
    if blank:
        with pytest.raises(SkytellsError):
            form.replace(instance)
        return
    form.replace(instance)
    assert exactly(form.values) == exactly(instance)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "x"]), inner, max_size=3),
    max_leaves=6,
)


@given(drawn=filled(), instance=st.dictionaries(st.sampled_from([*_NAMES, "other"]), _ANYTHING, max_size=4))
@settings(max_examples=100)
def test_what_jsonschema_refuses_the_form_refuses(
    drawn: tuple[dict[str, Any], dict[str, Any]], instance: dict[str, Any]
) -> None:
    """An instance that is not valid is refused when it is set, or stands in the way of a run."""
    schema, _ = drawn
    form = unfolded(schema)
    try:
        form.replace(instance)
    except SkytellsError:
        return
    for part in schema["properties"].values():
        if part.get("nullable"):
            part["type"] = [part["type"], "null"]  # OpenAPI's word, said in JSON Schema's
    if not Draft202012Validator(schema).is_valid(instance):
        assert form.problems
