"""Numbers: told exactly as typed, refused in words, and a slider that never decides by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets import FloatSlider, IntSlider, Text

from skytells_nb.notebook.forms.controls.numbers import Scale
from skytells_nb.schema.fields import UNSET, NumberField
from tests.notebook.forms.test_controls import made

WHOLE = "must be a whole number"
ANY = "must be a number"
COMMA = ": write the decimals after a point, and no commas"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("7", (7, "")),
        (" 7 ", (7, "")),
        ("+7", (7, "")),
        ("-0", (0, "")),
        ("007", (7, "")),
        ("3.0", (3, "")),
        ("1e3", (1000, "")),
        ("9007199254740993", (9007199254740993, "")),
        ("9" * 60, (int("9" * 60), "")),
        ("", (UNSET, "")),
        ("  ", (UNSET, "")),
        ("1.5", (UNSET, WHOLE)),
        ("1,000", (UNSET, WHOLE + COMMA)),
        ("-", (UNSET, WHOLE)),
        ("1_000", (UNSET, WHOLE)),
        ("0x10", (UNSET, WHOLE)),
        ("½", (UNSET, WHOLE)),
        ("٣", (UNSET, WHOLE)),
        ("nan", (UNSET, WHOLE)),
        ("true", (UNSET, WHOLE)),
        ("1e999999999", (UNSET, "is too large a number")),
        ("9" * 5000, (UNSET, "is too large a number")),
    ],
)
def test_a_whole_number_is_told_exactly_or_refused(typed: str, told: tuple[Any, str]) -> None:
    """What is typed for a whole number is told as an int without loss, or as a fault that says what is wrong."""
    control, heard = made(NumberField, integer=True)
    control.show(-1)
    control.box.value = typed
    assert repr(heard) == repr([told])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("0.3", (0.3, "")),
        (".5", (0.5, "")),
        ("1.", (1.0, "")),
        ("1e3", (1000.0, "")),
        ("7", (7, "")),
        ("-0.0", (-0.0, "")),
        ("1,5", (UNSET, ANY + COMMA)),
        ("1.000,5", (UNSET, ANY + COMMA)),
        ("1.2.3", (UNSET, ANY + COMMA)),
        ("inf", (UNSET, ANY)),
        ("1e400", (UNSET, "is too large a number")),
    ],
)
def test_a_number_is_told_as_typed_or_refused(typed: str, told: tuple[Any, str]) -> None:
    """A number is told as the float or int that it is written as."""
    control, heard = made(NumberField)
    control.show(-1)
    control.box.value = typed
    assert repr(heard) == repr([told])


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_painted_number_reads_back_exactly(number: float) -> None:
    """A number that was painted, then touched, is told with its type and every digit."""
    control, told = made(NumberField)
    control.show(number)
    control.box.value += " "
    assert repr(told) == repr([(number, "")])


def test_a_number_out_of_range_is_told_as_it_is() -> None:
    """The box moves nothing into range: whether 99 is allowed is for the checker; the slider goes as far as it can."""
    control, told = made(NumberField, integer=True, minimum=1, maximum=4)
    control.box.value = "99"
    assert (told, control.box.value, control.slider.value) == ([(99, "")], "99", 4)


@pytest.mark.parametrize(
    ("more", "kind", "traits"),
    [
        ({"minimum": 0, "maximum": 1}, FloatSlider, (0.0, 1.0, 0.01)),
        ({"minimum": 1, "maximum": 20}, FloatSlider, (1.0, 20.0, 0.1)),
        ({"minimum": 0, "maximum": 1, "multiple_of": 0.25}, FloatSlider, (0.0, 1.0, 0.25)),
        ({"above": 0, "below": 1}, FloatSlider, (0.01, 0.99, 0.01)),
        ({"minimum": 1, "maximum": 50, "integer": True}, IntSlider, (1, 50, 1)),
        ({"minimum": 512, "maximum": 2048, "integer": True}, IntSlider, (510, 2050, 10)),
        ({"minimum": 1, "maximum": 2048, "multiple_of": 8, "integer": True}, IntSlider, (8, 2048, 8)),
        ({"minimum": 1, "maximum": 9, "multiple_of": 1.5, "integer": True}, IntSlider, (3, 9, 3)),
        ({"above": 0.5, "below": 4, "integer": True}, IntSlider, (1, 3, 1)),
    ],
)
def test_a_slider_stands_beside_a_bounded_number(more: dict[str, Any], kind: type, traits: tuple[Any, ...]) -> None:
    """A number between two bounds has a slider whose stops are round, and within exclusive bounds."""
    control, _ = made(NumberField, **more)
    slider = control.slider
    assert type(slider) is kind
    assert (slider.min, slider.max, slider.step) == traits
    assert slider.readout is False


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"minimum": 0},
        {"minimum": 0, "maximum": 2**31 - 1, "integer": True},
        {"minimum": 0, "maximum": 2**60, "integer": True},
        {"minimum": 2**31, "maximum": 2**31 + 10, "integer": True},
        {"minimum": 4, "maximum": 4},
        {"minimum": 4, "maximum": 1},
        {"minimum": float("nan"), "maximum": 1},
        {"minimum": -(10**5000), "maximum": 10**5000},
        {"minimum": 0, "maximum": 10, "multiple_of": 1e-300},
        {"minimum": 1, "maximum": 2, "multiple_of": 5},
    ],
)
def test_a_range_that_makes_no_sense_has_no_slider(more: dict[str, Any]) -> None:
    """Without two near bounds, or with fewer than two stops, there is the box alone."""
    control, _ = made(NumberField, **more)
    assert isinstance(control.widget, Text)


def test_a_slider_tells_numbers_without_noise() -> None:
    """What a browser sends as 0.30000000000000004 is told, and shown in the box, as 0.3."""
    control, told = made(NumberField, minimum=0, maximum=1)
    control.slider.value = 0.1 + 0.2
    assert (told, control.box.value) == ([(0.3, "")], "0.3")


def test_a_slider_stays_inside_bounds_between_its_stops() -> None:
    """The last stop tells the bound itself, as an int where the field is whole."""
    control, told = made(NumberField, integer=True, minimum=512, maximum=2044)
    control.slider.value = 2050
    control.slider.value = 510
    assert repr(told) == repr([(2044, ""), (512, "")])


def test_a_browser_that_rounds_a_painted_slider_tells_nothing() -> None:
    """A slider's browser sends back its own stop for a value between stops: no person did that."""
    control, told = made(NumberField, minimum=0, maximum=1, default=0.333)
    control.slider.value = 0.33000000000000007
    control.show(0.5551)
    control.slider.value = 0.56
    assert told == []
    assert control.box.value == "0.5551"


def test_the_slider_follows_the_box() -> None:
    """Typing moves the slider, clearing the box puts it back to the default, a fault leaves it where it is."""
    control, told = made(NumberField, minimum=0, maximum=1, default=0.5)
    seen = []
    for typed in ("0.25", "0.x", ""):
        control.box.value = typed
        seen.append(control.slider.value)
    assert seen == [0.25, 0.25, 0.5]
    assert told == [(0.25, ""), (UNSET, ANY), (UNSET, "")]


@given(st.data())
def test_every_stop_of_a_slider_is_allowed(data: st.DataObject) -> None:
    """Whatever the bounds, a stop tells a number within them, and itself when it is asked again."""
    finite = st.floats(-1e4, 1e4) | st.integers(-10_000, 10_000)
    whole = data.draw(st.booleans())
    bounds = {name: data.draw(st.none() | finite) for name in ("minimum", "maximum", "above", "below")}
    step = data.draw(st.none() | st.sampled_from([0.25, 0.1, 1, 8, 1.5]))
    field = NumberField(name="x", schema={}, integer=whole, multiple_of=step, **bounds)
    scale = Scale.of(field)
    if scale is None:
        return
    stop = scale.stop(data.draw(finite))
    value = scale.value(stop)
    assert field.minimum is None or value >= field.minimum
    assert field.maximum is None or value <= field.maximum
    assert field.above is None or value > field.above
    assert field.below is None or value < field.below
    assert isinstance(value, int) or not whole
    assert scale.stop(value) == scale.stop(scale.position(stop)) == stop
