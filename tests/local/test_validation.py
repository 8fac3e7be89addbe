"""The sandbox's own check of an input: every construct of the catalogue's schemas, in sentences."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skytells_nb.local.models import catalogue, validation

MODELS = catalogue.models()
FORM = MODELS["sandbox-form"].schema
URL = "https://example.org/a.png"


def said(name: str, **values: Any) -> list[str]:
    """Tell what is wrong with an input of a model."""
    return [problem.message for problem in validation.problems(MODELS[name].schema, values)]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"code_name": "X"}, "'code_name' must have the form ^[a-z][a-z0-9-]{2,19}$"),
        ({"contact": "ada@example"}, "'contact' must be an e-mail address"),
        ({"day": "2026-02-30"}, "'day' must be a date as YYYY-MM-DD"),
        ({"day": "20260228"}, "'day' must be a date as YYYY-MM-DD"),
        ({"moment": "2026-03-06T20:15:23"}, "'moment' must be a moment as YYYY-MM-DDThh:mm:ssZ"),
        ({"tint": "red"}, "'tint' must be a colour as #rrggbb"),
        ({"link": "ftp://example.org"}, "'link' must be an http(s) or data URL"),
        ({"steps": 2}, "'steps' must be one of 1, 4, 8"),
        ({"tilt": 90}, "'tilt' must be less than 90, not 90"),
        ({"tilt": -90.0}, "'tilt' must be more than -90, not -90.0"),
        ({"scale": 0.3}, "'scale' must be a multiple of 0.25, not 0.3"),
        ({"tags": ["warm", "warm"]}, "'tags' must not hold the same item twice"),
        ({"tags": ["hot"]}, "'tags[0]' must be one of warm, cold, calm, wild"),
        ({"tags": ["warm", "cold", "calm", "wild"]}, "'tags' must be at most 3 items long, not 4"),
        ({"weights": [1]}, "'weights' must be at least 2 items long, not 1"),
        ({"frame": {}}, "'frame.width' is required"),
        ({"frame": {"width": 3}}, "'frame.width' must be a multiple of 2, not 3"),
        (
            {"frame": {"width": 2, "stile": "plain"}},
            "'frame.stile' is not an input of this model; did you mean 'style'?",
        ),
        ({"labels": {"a": 1}}, "'labels.a' must be a string, not an integer"),
        ({"labels": dict.fromkeys("abcdef", "")}, "'labels' must be at most 5 entries long, not 6"),
        ({"extra": []}, "'extra' must be an object, not an array"),
        (
            {"length_or_word": "tall"},
            "'length_or_word' must be an integer, not a string or must be one of short, long",
        ),
        ({"place": [1]}, "'place' must be a string, not an array or must be at least 2 items long, not 1"),
        ({"maybe": True}, "'maybe' must be a string or an integer or null, not a boolean"),
        ({"mood": "grey"}, "'mood' must be one of bright, dark"),
        ({"version": "2"}, "'version' must be 1"),
        ({"promt": "x"}, "'promt' is not an input of this model; did you mean 'prompt'?"),
    ],
)
def test_one_problem_in_one_sentence(values: dict[str, Any], message: str) -> None:
    """The rule, its limit and what was given, at the place where it was given."""
    assert said("sandbox-form", **values) == [message]


@pytest.mark.parametrize(
    "values",
    [
        {"mood": None, "maybe": None},
        {"maybe": 3},
        {"length_or_word": 3},
        {"length_or_word": "long"},
        {"place": [1.5, 2]},
        {"anything": {"a": [None, 1]}},
        {"extra": {"a": [1]}, "labels": {"a": "b"}},
        {"seed": -(10**30)},
        {"seed": 3.0},
        {"large": 2**53 - 1},
        {"scale": 0.75, "tilt": 0.5, "frame": {"width": 64}},
        {"moment": "2026-03-06T20:15:23Z", "day": "2026-03-06", "contact": "a.b+c@mail.example.org", "tint": "#FFaa00"},
    ],
)
def test_what_fits_passes(values: dict[str, Any]) -> None:
    """Null where it is allowed, each of several types, whole numbers of any size."""
    assert said("sandbox-form", **values) == []


def test_a_step_is_judged_as_it_is_written() -> None:
    """0.3 is a multiple of 0.05, although no binary fraction is; a number without end is judged too."""
    assert said("lumo", image=URL, motion=0.3) == []
    assert said("truefusion-optima", prompt="x", width=10**400) == [
        "'width' must be at most 2048, not 100000000000000000000000000..."
    ]


def test_references_lead_to_definitions() -> None:
    """`allOf` with `$ref`, and `$ref` alone, into `definitions` and `$defs`."""
    assert said("FLUX.2-pro", prompt="x", resolution="9 MP") == ["'resolution' must be one of 0.5 MP, 1 MP, 2 MP, 4 MP"]
    assert said("flux-2-flex", prompt="x", aspect_ratio="2:1") == [
        "'aspect_ratio' must be one of 1:1, 16:9, 9:16, 4:3, 3:4"
    ]


def test_lists_of_objects_name_their_place() -> None:
    """All problems, each with the path of its field."""
    found = validation.problems(MODELS["sandbox-podcast"].schema, {"script": "x", "speakers": [{"nme": "Ada"}, {}]})
    assert [(problem.field, problem.rule) for problem in found] == [
        ("speakers[0].name", "required"),
        ("speakers[0].nme", "unknown"),
        ("speakers[1].name", "required"),
    ]


def test_missing_first_then_in_the_order_given() -> None:
    """What a person reads first is what they forgot."""
    found = validation.problems(MODELS["truefusion-pro"].schema, {"zeal": 1, "guidance": 99, "num_outputs": 0})
    assert [problem.field for problem in found] == ["prompt", "zeal", "guidance", "num_outputs"]


def test_a_schema_may_allow_other_names() -> None:
    """`additionalProperties: true` lets a name through that the schema does not list."""
    assert said("sandbox-archive", prompt="x", anything_else=1) == []


def test_problems_are_bounded() -> None:
    """A hundred at most, and each field's type is told alone."""
    many = validation.problems(MODELS["truefusion-2"].schema, {"prompt": "x", "reference_images": [1] * 100_000})
    assert len(many) == 100
    assert said("sandbox-form", steps="four") == ["'steps' must be an integer, not a string"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(MODELS)), st.data())
def test_any_input_is_judged(name: str, data: st.DataObject) -> None:
    """Any JSON in any field gives problems that JSON can say, or none and then a price and files of a kind."""
    model = MODELS[name]
    fields = st.dictionaries(st.sampled_from([*model.schema["properties"], "stranger"]), JSON, max_size=4)
    values = data.draw(fields)
    found = validation.problems(model.schema, values)
    json.dumps([problem.to_json() for problem in found])
    if not found:
        assert model.price(values) >= 0
        assert model.makes(values) in {"image", "audio", "video"}
