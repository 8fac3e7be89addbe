"""What objects, lists and unions share: how a new value begins, how deep forms go, headings. Pure."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ....schema.check import Problem
from ....schema.fields import UNSET, ChoiceField, Field, JsonField, ListField, ObjectField, UnionField
from ... import page

DEEPEST = 4
"""Levels of objects, lists and unions that get controls of their own; what lies deeper is edited as JSON."""


def least(field: Field) -> Any:
    """Give the value that a new entry begins with: what is sent anyhow; UNSET where that is nothing.

    A default, the only choice, or an object of those of its required parts.
    """
    if field.default is not UNSET and field.default is not None:
        return copy.deepcopy(field.default)
    if isinstance(field, ChoiceField) and len(field.choices) == 1:
        return field.choices[0]
    if isinstance(field, ObjectField):
        parts = {part.name: least(part) for part in field.fields if part.required}
        return {name: value for name, value in parts.items() if value is not UNSET} or UNSET
    return UNSET


def stands_in_defaults(text: str, fields: Iterable[Field]) -> bool:
    """Say whether a text is one that the schema set: a default of these fields or of their parts, or inside of one."""
    waiting: list[Any] = list(fields)
    while waiting:
        found = waiting.pop()
        match found:
            case str():
                if found == text:
                    return True
            case list():
                waiting += found
            case dict():
                waiting += found.values()
            case ObjectField():
                waiting += [found.default, *found.fields]
            case ListField():
                waiting += [found.default, found.item]
            case UnionField():
                waiting += [found.default, *found.options]
            case Field():
                waiting.append(found.default)
    return False


def shallow(field: Field, levels: int = DEEPEST) -> Field:
    """Turn what lies deeper than so many levels into JSON, which says why."""
    if not isinstance(field, ObjectField | ListField | UnionField):
        return field
    if levels == 0:
        shared = {name: getattr(field, name) for name in JsonField.__dataclass_fields__ if name != "why"}
        return JsonField(**shared, why=f"it lies more than {DEEPEST} levels deep")
    if isinstance(field, ListField):
        return replace(field, item=shallow(field.item, levels - 1))
    if isinstance(field, UnionField):
        return replace(field, options=tuple(shallow(option, levels - 1) for option in field.options))
    return replace(field, fields=tuple(shallow(part, levels - 1) for part in field.fields))


def heading(words: str, level: int = 4) -> str:
    """Write the heading of a group of rows."""
    return f'<h{level} style="margin:0;font:inherit;font-weight:600">{page.text(words)}</h{level}>'


def inside(problems: Sequence[Problem], step: str | int) -> tuple[Problem, ...]:
    """Pick the problems that lie in one part, as that part sees them."""
    return tuple(replace(problem, steps=problem.steps[1:]) for problem in problems if problem.steps[:1] == (step,))
