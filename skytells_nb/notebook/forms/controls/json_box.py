"""Any value, edited as JSON: for what no other control fits."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from typing import Any, NoReturn

from ipywidgets import Textarea

from ....schema.fields import UNSET
from .numbers import read_number
from .text import BoxControl

_MOST_ROWS = 16


class JsonControl(BoxControl):
    """A box of JSON; why this input has no control of its own is in its row's help."""

    style = "skytells-json"

    def make(self, **traits: Any) -> Any:
        """Make an area as high as what stands in it."""
        return Textarea(placeholder='JSON, as in {"name": 1}', rows=_rows(traits["value"]), **traits)

    def write(self, value: Any) -> str:
        """Write a value as indented JSON, null too; "" for what JSON cannot say."""
        try:
            text = "" if value is UNSET else json.dumps(value, indent=2, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            return ""
        return text.encode("utf-8", "backslashreplace").decode()

    def paint(self, value: Any) -> None:
        """Put JSON into the box."""
        super().paint(value)
        self.box.rows = _rows(self.box.value)

    def read(self, typed: str) -> Any:
        """Read JSON."""
        return read_json(typed) if typed.strip() else UNSET


def read_json(typed: str) -> Any:
    """Read JSON strictly: no NaN, no name twice. Raises `ValueError` with what is wrong, and where."""
    whole = partial(read_number, whole=True)
    hooks: dict[str, Any] = {"parse_int": whole, "parse_float": read_number, "parse_constant": _refuse}
    try:
        return json.loads(typed, object_pairs_hook=_object, **hooks)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"is not JSON: {word} is no value of it")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"has the name {json.dumps(twice[:40])} twice in one object")
    return names


def _rows(text: str) -> int:
    return max(3, min(_MOST_ROWS, text.count("\n") + 1))
