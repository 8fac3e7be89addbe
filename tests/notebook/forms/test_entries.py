"""What is entered, under odd names and with odd values, and who hears of it."""

from __future__ import annotations

from typing import Any

import pytest

from skytells_nb.errors import InvalidInputError, UnknownNameError
from skytells_nb.notebook.forms import Form

OPEN = {"properties": {"prompt": {"type": "string"}}, "additionalProperties": {"type": ["string", "number"]}}


def box_of_others(form: Form) -> Any:
    """Give the box in which inputs of one's own are typed, as JSON."""
    return form.face.widget.children[2].children[0]


@pytest.mark.parametrize("name", ["", "a b", "self", "values", "others", "\0others", "__class__", "<b>", "{{x}}"])
def test_any_name_is_a_name(name: str) -> None:
    """An input may be called anything, also what the form itself calls something."""
    form = Form({"properties": {name: {"type": "string"}}, "required": [name], "additionalProperties": True})
    form.set(**{name: "a fox"})
    assert form.values == {name: "a fox"}
    assert form.problems == ()


@pytest.mark.parametrize("name", ["self", "others", "\0others"])
def test_any_name_may_be_one_s_own(name: str) -> None:
    """Where the schema takes names that it does not list, it takes these."""
    form = Form(OPEN)
    form.set(**{name: "a fox"})
    assert form.values == {name: "a fox"}


def test_a_name_of_one_s_own_is_reset() -> None:
    """What was set by a name is taken away by it."""
    form = Form(OPEN)
    form.set(strength=1, mood="calm")
    form.reset("strength")
    assert form.values == {"mood": "calm"}
    with pytest.raises(UnknownNameError):
        form.reset("strength")


def test_reset_takes_away_what_has_no_field() -> None:
    """An input that is for reading only has none, and can be set."""
    form = Form({"properties": {"id": {"type": "string", "readOnly": True}, "prompt": {"type": "string"}}})
    form.set(id="x")
    assert form.values == {"id": "x"}
    form.reset()
    assert form.values == {}


def test_an_input_with_a_field_is_not_typed_among_the_others() -> None:
    """It would be sent while its own field says that it is not."""
    form = Form(OPEN)
    box_of_others(form).value = '{"prompt": "a fox"}'
    assert [str(problem) for problem in form.problems] == ["others holds prompt, which has a field of its own"]
    assert form.values == {}


def test_what_is_wrong_with_an_input_of_one_s_own_stands_under_the_others() -> None:
    """It has no field; the message names it."""
    form = Form(OPEN)
    box_of_others(form).value = '{"strength": true}'
    shown = "".join(getattr(part, "value", "") for part in form.face.widget.children[2].children)
    assert '<div role="alert"><div>strength must be text or a number (got True)</div></div>' in shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": object()}, "is no JSON value"),
        ({"a": b"bytes"}, "is no JSON value"),
        ({1: 2}, "has the name 1, not a text"),
        ({"a": "\ud800"}, "holds half of a character"),
    ],
)
def test_what_no_json_can_carry_is_refused(value: Any, words: str) -> None:
    """It is refused when it is set, not when it is sent."""
    form = Form({"properties": {"extra": {"type": "object"}}})
    with pytest.raises(InvalidInputError, match=words):
        form.set(extra=value)
    assert form.values == {}


def test_a_value_that_never_ends_is_refused() -> None:
    """So is one that is nested deeper than Python can follow."""
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(InvalidInputError, match="more than 100 levels"):
        Form({"properties": {"extra": {}}}).set(extra=deep)


def test_an_observer_may_set_inputs() -> None:
    """It is told again where that changed something, and only there."""
    form = Form({"properties": {"width": {"type": "integer"}, "height": {"type": "integer"}}})
    heard: list[dict[str, Any]] = []

    def square(form: Form) -> None:
        heard.append(form.values)
        form.set(height=form.values.get("width", 0))

    form.observe(square)
    form.set(width=3)
    assert form.values == {"width": 3, "height": 3}
    assert heard == [{"width": 3}, {"width": 3, "height": 3}]


def test_what_is_half_typed_stays_while_another_input_is_set() -> None:
    """Its text and what is wrong with it belong together; a reset takes both away."""
    form = Form({"properties": {"steps": {"type": "integer", "default": 4}, "prompt": {"type": "string"}}})
    box = form.face.widget.children[1].children[0]
    box.value = "4 or 5"
    form.set(prompt="a fox")
    form.reset("prompt")
    assert box.value == "4 or 5"
    assert [str(problem) for problem in form.problems] == ["steps must be a whole number"]
    form.reset("steps")
    assert (box.value, form.problems) == ("4", ())


def test_load_takes_away_what_is_half_typed() -> None:
    """All inputs are replaced, also those that are no values yet."""
    form = Form({"properties": {"steps": {"type": "integer", "default": 4}}})
    box = form.face.widget.children[1].children[0]
    box.value = "4 or 5"
    form.load({})
    assert (box.value, form.problems) == ("4", ())


def test_another_type_is_a_change() -> None:
    """1 and 1.0 are two values."""
    form = Form({"properties": {"scale": {"type": "number"}}})
    heard: list[str] = []
    form.set(scale=1)
    form.observe(lambda form: heard.append(repr(form.values["scale"])))
    form.set(scale=1)
    form.set(scale=1.0)
    assert heard == ["1.0"]


@pytest.mark.parametrize("word", ["minimum", "multipleOf", "maxLength", "const", "default", "examples", "enum"])
def test_a_number_too_large_to_be_written_takes_no_form_down(word: str) -> None:
    """Python itself refuses to write whole numbers of more than some thousand digits."""
    huge = 10**5000
    form = Form({"properties": {"x": {word: [huge, 1] if word in ("examples", "enum") else huge}, "y": {}}})
    form.set(y=1)
    assert "y" in form.bundle()["text/plain"]
    assert len(form.face.widget.children) > 3


@pytest.mark.parametrize("name", [1, None, ("a", "b")])
def test_a_name_that_no_json_has_is_left_out(name: Any) -> None:
    """A schema written in Python may hold one, also inside of an input."""
    form = Form({"properties": {name: {"type": "string"}, "x": {"properties": {name: {}, "y": {}}}}})
    assert [field.name for field in form.fields] == ["x"]
    assert len(form.face.widget.children) > 2
