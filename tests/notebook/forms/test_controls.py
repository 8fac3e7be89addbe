"""What all controls of a single input have in common: they paint anything, in silence, and text stays text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ipywidgets import HTML, Widget

from skytells_nb.notebook.forms.control import Control, Tools
from skytells_nb.notebook.forms.row import Row
from skytells_nb.notebook.forms.shelf import Shelf
from skytells_nb.notebook.forms.table import control_for
from skytells_nb.schema.check import Checker
from skytells_nb.schema.fields import (
    UNSET,
    ChoiceField,
    Field,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    TextField,
)
from tests.notebook.hostile import PAYLOADS, SOME, faults

TOOLS = Tools(Checker({}), cast("Shelf", None), Row)


def made(kind: type[Field], **more: Any) -> tuple[Any, list[tuple[Any, str]]]:
    """Make the control of a field, and the list of what it tells from then on."""
    told: list[tuple[Any, str]] = []
    field = kind(**{"name": "x", "schema": {}} | more)
    return control_for(field, lambda value, fault: told.append((value, fault)), TOOLS), told


def text(**more: Any) -> TextField:
    """Describe an entry of a list that is text."""
    return TextField(name="item", schema={}, **more)


KINDS: dict[str, Callable[..., tuple[Control, list[tuple[Any, str]]]]] = {
    "text": lambda **more: made(TextField, **more),
    "long text": lambda **more: made(TextField, long=True, **more),
    "secret": lambda **more: made(TextField, secret=True, **more),
    "number": lambda **more: made(NumberField, **more),
    "slider": lambda **more: made(NumberField, minimum=0, maximum=1, **more),
    "whole slider": lambda **more: made(NumberField, minimum=1, maximum=50, integer=True, **more),
    "flag": lambda **more: made(FlagField, **more),
    "buttons": lambda **more: made(ChoiceField, choices=("a", 1, None), **more),
    "drop-down": lambda **more: made(ChoiceField, choices=tuple(range(9)), **more),
    "finder": lambda **more: made(ChoiceField, choices=tuple(range(99)), **more),
    "date": lambda **more: made(TextField, format="date", **more),
    "moment": lambda **more: made(TextField, format="date-time", **more),
    "time": lambda **more: made(TextField, format="time", **more),
    "colour": lambda **more: made(TextField, format="color", **more),
    "tags": lambda **more: made(ListField, item=text(), **more),
    "numbers": lambda **more: made(ListField, item=NumberField(name="item", schema={}), **more),
    "ticks": lambda **more: made(
        ListField, unique=True, item=ChoiceField(name="item", schema={}, choices=("a", "b")), **more
    ),
    "chosen tags": lambda **more: made(
        ListField, item=ChoiceField(name="item", schema={}, choices=tuple("abcdefghijklmnop")), **more
    ),
    "json": lambda **more: made(JsonField, **more),
}
ODD = [
    *(
        None,
        True,
        False,
        0,
        -0.0,
        1.0,
        10**30,
        10**5000,
        1e300,
        float("nan"),
        float("inf"),
        "",
        " ",
        "a\nb\r\nc",
        "\ud800",
    ),
    *("#12", "#abc", "2026-02-30", "9999999-01-01", [], [""], ["a", "a"], [None, {}, [1]], ["\ud800"], {}, {"a": [1]}),
    *({1, 2}, b"bytes", object()),
    *PAYLOADS[:3],
]

every_kind = pytest.mark.parametrize("kind", KINDS)


def widgets(control: Control) -> list[Widget]:
    """List a control's widgets, from the outside in."""
    found = [control.widget]
    for widget in found:
        found += getattr(widget, "children", ())
    return found


@every_kind
def test_any_value_is_painted_in_silence(kind: str) -> None:
    """A value of any type is painted without an error and without telling, and what is painted can be sent."""
    control, told = KINDS[kind]()
    for value in (*ODD, UNSET):
        control.show(value)
        for widget in widgets(control):
            json.dumps(
                {name: kept for name, kept in widget.get_state().items() if name != "layout"}, default=str
            ).encode()
    assert told == []


@every_kind
def test_any_default_makes_the_control_of_its_kind(kind: str) -> None:
    """A default of any type leaves the kind of control as it is, and nothing is told of it."""
    plain = type(KINDS[kind]()[0])
    for default in ODD:
        control, told = KINDS[kind](default=default)
        assert type(control) is plain
        control.show(UNSET)
        assert told == []


@every_kind
@settings(max_examples=10)
@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists))
def test_any_json_is_painted_in_silence(kind: str, value: Any) -> None:
    """A JSON value is painted without an error and without telling, as a value and as a default."""
    control, told = KINDS[kind](default=value)
    control.show(UNSET)
    control.show(value)
    assert told == []


TYPED = st.text() | st.from_regex(r"[-+]?[0-9.,]{0,9}([eE][-+]?[0-9]{0,30})?") | st.text('0123456789.-:TZ#"[]{} ,')


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"flag", "buttons", "drop-down", "date", "ticks"}))
@settings(max_examples=40)
@given(typed=TYPED)
def test_whatever_is_typed_is_a_value_or_a_fault(kind: str, typed: str) -> None:
    """Any text in a box is told once, as a value or with a phrase that says why it is none; nothing is raised."""
    control, told = KINDS[kind]()
    box = getattr(control, "box", control.widget)
    before = box.value
    box.value = typed
    assert len(told) == (typed != before)
    assert all(value is UNSET or not fault for value, fault in told)


@every_kind
def test_a_label_is_plain_text_that_nothing_typesets(kind: str) -> None:
    """A hostile title stands in descriptions as one short line without formulas, and in HTML escaped."""
    for payload in SOME:
        control, _ = KINDS[kind](title=payload, required=True)
        for widget in widgets(control):
            if isinstance(widget, HTML):
                assert faults(widget.value) == []
                continue
            for shown in (getattr(widget, "description", ""), getattr(widget, "placeholder", ""), widget.tooltip or ""):
                assert len(shown) <= 82
                assert not set(shown) & set("$\\\n\u202e\u200b") or shown == "\u200b"


@every_kind
def test_everything_that_can_be_focused_has_a_name(kind: str) -> None:
    """Each widget with a value is named by its description or placeholder, but for those beside such a one."""
    control, _ = KINDS[kind](title="Size")
    named = [w for w in widgets(control) if hasattr(w, "value") and not isinstance(w, HTML)]
    beside = {"skytells-slider", "skytells-picker"}
    for widget in named:
        name = widget.description or getattr(widget, "placeholder", "")
        assert name.strip("\u200b") or set(widget._dom_classes) & beside


@every_kind
def test_a_control_can_be_disabled_and_enabled(kind: str) -> None:
    """While it is disabled nothing of a control can be changed."""
    control, _ = KINDS[kind]()
    control.enable(False)
    for widget in widgets(control):
        assert getattr(widget, "disabled", True) is True
    control.enable(True)
    for widget in widgets(control):
        assert getattr(widget, "disabled", False) is False


@every_kind
def test_a_required_field_is_marked(kind: str) -> None:
    """The label of a required field ends in a star, wherever it stands."""
    control, _ = KINDS[kind](title="Size", required=True)
    shown = [getattr(w, "description", "") + (w.value if isinstance(w, HTML) else "") for w in widgets(control)]
    assert any("Size *" in text for text in shown)
