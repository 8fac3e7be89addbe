"""Which control a field gets: a table that users may extend.

    from skytells_nb.notebook.forms import Control, use
    use(MyDial, when=lambda field: field.name == "guidance")

What was added last is asked first; then the kinds below. A control that cannot be made leaves its field to be edited
as JSON: one odd field never takes the form down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from importlib import import_module

from ...errors import plain
from ...schema.fields import (
    ChoiceField,
    Field,
    FileField,
    FlagField,
    JsonField,
    ListField,
    NumberField,
    ObjectField,
    TextField,
    UnionField,
)
from .control import Control, Tell, Tools

Factory = Callable[[Field, Tell, Tools], Control]
Test = Callable[[Field], bool]

_ours: list[tuple[Test, Factory]] = []


def use(control: Factory, *, when: Test) -> None:
    """Use a control for every field for which `when` says yes, in forms made from now on.

    `control` is a class like `Control`, or a function of a field, a `tell` and `Tools`. Raises `TypeError` for what
    cannot be called.
    """
    if not callable(control) or not callable(when):
        raise TypeError("use(control, when=...) takes a class of control and a function of a field")
    _ours.insert(0, (when, control))


def forget(control: Factory) -> None:
    """Take a control out of the table again."""
    _ours[:] = [entry for entry in _ours if entry[1] is not control]


def control_for(field: Field, tell: Tell, tools: Tools) -> Control:
    """Make the control of a field."""
    try:
        return _chosen(field)(field, tell, tools)
    except Exception as error:  # noqa: BLE001 - a user's control, or a schema nobody thought of, can raise anything
        why = f"its own control failed ({plain(error, 80)})"
        shared = {part.name: getattr(field, part.name) for part in fields(Field)}
        return _built_in("json_box", "JsonControl")(JsonField(**shared, why=why), tell, tools)


def _chosen(field: Field) -> Factory:
    for test, control in _ours:
        if test(field):
            return control
    return _built_in(*_kind(field))


def _kind(field: Field) -> tuple[str, str]:
    match field:
        case TextField(secret=True):
            return "text", "SecretControl"
        case TextField(format="date"):
            return "days", "DateControl"
        case TextField(format="date-time" | "time"):
            return "days", "MomentControl"
        case TextField(format="color" | "colour"):
            return "colours", "ColourControl"
        case ListField(item=TextField(secret=False, long=False) | NumberField() | ChoiceField()):
            return "tags", "TagsControl"
        case _:
            return _KINDS.get(type(field), ("json_box", "JsonControl"))


_KINDS: dict[type[Field], tuple[str, str]] = {
    TextField: ("text", "TextControl"),
    NumberField: ("numbers", "NumberControl"),
    FlagField: ("flags", "FlagControl"),
    ChoiceField: ("choices", "ChoiceControl"),
    FileField: ("files", "FileControl"),
    ListField: ("lists", "ListControl"),
    ObjectField: ("objects", "ObjectControl"),
    UnionField: ("unions", "UnionControl"),
    JsonField: ("json_box", "JsonControl"),
}


def _built_in(module: str, name: str) -> Factory:
    found: Factory = getattr(import_module(f".controls.{module}", __package__), name)
    return found
