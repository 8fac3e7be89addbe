"""Boxes of text: what is told when something is typed into them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import DatePicker, Password, Text, Textarea

from skytells_nb.schema.fields import UNSET, JsonField, TextField
from tests.notebook.forms.test_controls import made


def test_a_default_stands_in_the_box_untold() -> None:
    """An untouched text shows its default, and tells nothing."""
    control, told = made(TextField, default="a fox")
    assert (control.box.value, told) == ("a fox", [])


@pytest.mark.parametrize(("default", "value"), [(UNSET, UNSET), ("", UNSET), ("a fox", "")])
def test_an_emptied_text_is_unset_unless_a_default_would_come_back(default: Any, value: Any) -> None:
    """Clearing a box tells nothing to send; where a default would be used instead, it tells the empty text."""
    control, told = made(TextField, default=default)
    control.show("x")
    control.box.value = ""
    assert told == [(value, "")]


@given(st.text())
def test_a_text_is_told_as_typed(typed: str) -> None:
    """What is typed is what is told, spaces included."""
    control, told = made(TextField, long=True, default="\0")
    control.box.value = typed
    assert told == [] if typed == "\0" else told == [(typed, "")]


def test_a_line_break_survives_a_box_of_one_line() -> None:
    """A text with line breaks that was set from Python keeps them when a person adds to it."""
    control, told = made(TextField)
    control.show("one\ntwo")
    assert control.box.value == "one↵two"
    control.box.value += "!"
    assert told == [("one\ntwo!", "")]


@pytest.mark.parametrize("more", [{"long": True}, {"default": "one\ntwo"}])
def test_several_lines_have_an_area(more: dict[str, Any]) -> None:
    """A long text, or one whose default has line breaks, is typed into an area that is high enough."""
    control, _ = made(TextField, **more)
    assert isinstance(control.box, Textarea)
    control.show("line\n" * 8)
    assert control.box.rows == 9
    control.show("line\n" * 1000)
    assert control.box.rows == 12


def test_an_example_is_the_hint_of_an_empty_box() -> None:
    """The first example that is text stands in an empty box."""
    control, _ = made(TextField, examples=(3, "a red fox"))
    assert control.box.placeholder == "a red fox"


def test_no_secret_stays_in_a_widget() -> None:
    """A secret is typed into a box of dots and goes from it once told, since notebooks save what stands in widgets."""
    control, told = made(TextField, secret=True, title="Token", examples=("sk-example",), default="hunter1")
    control.show("hunter2")
    control.widget.value = "hunter3"
    assert told == [("hunter3", "")]
    assert isinstance(control.widget, Password)
    assert "hunter" not in str(control.widget.get_state())


def test_a_secret_that_is_set_says_so() -> None:
    """Its empty box says whether there is one."""
    control, _ = made(TextField, secret=True)
    control.show("hunter2")
    assert control.box.placeholder == "••• is set; type to replace it"
    control.show(UNSET)
    assert control.box.placeholder == ""


def test_a_date_is_told_as_it_stands_in_json() -> None:
    """A day that is picked is told as text, one that is cleared as nothing."""
    control, told = made(TextField, format="date")
    control.show("2026-11-22")
    assert isinstance(control.widget, DatePicker)
    control.widget.value = control.widget.value.replace(day=23)
    control.widget.value = None
    assert told == [("2026-11-23", ""), (UNSET, "")]


@pytest.mark.parametrize("typed", ["2026-11-22T10:00:00Z", "2026-11-22t10:00:00.25+05:30", "2026-11-22 10:00"])
def test_a_moment_is_told_as_typed(typed: str) -> None:
    """A date with a time is told exactly as it was typed."""
    control, told = made(TextField, format="date-time")
    control.box.value = typed
    assert told == [(typed, "")]


@pytest.mark.parametrize(
    "typed", ["2026-11-22", "22.11.2026 10:00", "2026-02-30T10:00:00Z", "2026-11-22T25:00Z", "soon"]
)
def test_no_moment_is_refused_with_an_example(typed: str) -> None:
    """What is no moment is told as a fault that shows how one looks."""
    control, told = made(TextField, format="date-time")
    control.box.value = typed
    assert told == [(UNSET, "must be a date and time, as in 2026-11-22T10:00:00Z")]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("09:30", ("09:30", "")), (" ", (UNSET, "")), ("9:30", (UNSET, "must be a time, as in 10:00:00Z"))],
)
def test_a_time_of_day_is_told_as_typed(typed: str, expected: tuple[Any, str]) -> None:
    """A time is told as typed, an empty box as nothing, anything else as a fault."""
    control, told = made(TextField, format="time")
    control.box.value = typed
    assert told == [expected]


def test_a_colour_is_typed_or_picked() -> None:
    """The box and the picker follow each other, and each change is told once."""
    control, told = made(TextField, format="color", default="#ABC")
    assert (control.box.value, control.picker.value) == ("#ABC", "#aabbcc")
    control.box.value = "#2b7fc4"
    assert control.picker.value == "#2b7fc4"
    control.picker.value = "#000000"
    assert control.box.value == "#000000"
    control.box.value = ""
    assert control.picker.value == "#aabbcc"
    assert told == [("#2b7fc4", ""), ("#000000", ""), (UNSET, "")]


@pytest.mark.parametrize(
    ("typed", "fault"), [("red", ""), ("#12", "must be a colour, as in #2b7fc4"), ("url(x)", None)]
)
def test_a_colour_is_a_code_or_a_name(typed: str, fault: str | None) -> None:
    """A name is left to the model; what is neither a name nor a code is a fault."""
    control, told = made(TextField, format="color")
    control.box.value = typed
    assert told == [(UNSET if fault != "" else typed, "must be a colour, as in #2b7fc4" if fault is None else fault)]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("null", None),
        ("[1, 1.0, true]", [1, 1.0, True]),
        ('{"a": {}}', {"a": {}}),
        ("9" * 30, int("9" * 30)),
        ("  ", UNSET),
    ],
)
def test_json_is_told_as_its_value(typed: str, value: Any) -> None:
    """JSON is told as the value it says, types and digits kept; an empty box as nothing."""
    control, told = made(JsonField)
    control.show("before")
    control.box.value = typed
    assert repr(told) == repr([(value, "")])


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        ('{"a": 1,\n  b}', "is not JSON: Expecting property name enclosed in double quotes (line 2, column 3)"),
        ("NaN", "is not JSON: NaN is no value of it"),
        ("[1e999]", "is too large a number"),
        ("9" * 5000, "is too large a number"),
        ('[{"a": 1, "a": 2}]', 'has the name "a" twice in one object'),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_no_json_is_refused_with_its_place(typed: str, fault: str) -> None:
    """What is no JSON is told as a fault that says what is wrong and where."""
    control, told = made(JsonField)
    control.box.value = typed
    assert told == [(UNSET, fault)]


FINITE = st.floats(allow_nan=False, allow_infinity=False)
SINGLE = st.none() | st.booleans() | st.integers() | FINITE | st.text()


@settings(max_examples=40)
@given(st.recursive(SINGLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_painted_so_that_it_reads_back(value: Any) -> None:
    """A value that was painted, then touched, is told exactly as it was."""
    control, told = made(JsonField)
    control.show(value)
    control.box.value += " "
    assert repr(told) == repr([(value, "")])


def test_each_kind_of_text_has_its_box() -> None:
    """Ordinary text is one line, JSON an area."""
    assert type(made(TextField)[0].box) is Text
    assert type(made(JsonField)[0].box) is Textarea
