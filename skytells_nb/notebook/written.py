"""A form where no widgets are: as a table in a terminal, and as a static page in a saved notebook. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InputError
from ..schema.fields import Field
from ..schema.limits import describe, kind_of
from . import page, recipe
from .literals import SECRET, Call

_HEAD = ("input", "value", "takes", "limits")


def as_text(title: str, fields: Sequence[Field], values: Mapping[str, Any], last: str) -> str:
    """Write the inputs as a table of plain text; `last` is the line under it."""
    rows = [_HEAD, *(_row(field, values) for field in fields)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join((page.cut(title, 120), *lines, last))


def as_html(title: str, fields: Sequence[Field], values: Mapping[str, Any], last: str) -> str:
    """Write the same as HTML."""
    rows = [tuple(map(page.text, _row(field, values))) for field in fields]
    heading = f"<div><strong>{page.text(page.cut(title, 120))}</strong></div>"
    return page.box(heading, page.table(_HEAD, rows), page.caption(last))


def _row(field: Field, values: Mapping[str, Any]) -> tuple[str, str, str, str]:
    name = page.cut(field.name, 40) + (" *" if field.required else "")
    return name, _value(field, values), page.cut(kind_of(field), 24), page.cut(describe(field), 60)


def _value(field: Field, values: Mapping[str, Any]) -> str:
    if field.name not in values:
        return "—"
    try:
        value = recipe.coded(field, values[field.name])
    except InputError:
        return "…"
    value = _named(value) if isinstance(value, Call) else value
    return page.cut(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_named), 40)


def _named(call: Call) -> str:
    return "•••" if call.function == SECRET else call.argument
