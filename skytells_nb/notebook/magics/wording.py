"""A value of the user's own -> what a prompt says in its place: text, or a picture that goes along.

Tables become Markdown with their size, what is JSON becomes JSON, and whatever is long is cut with a note that says so.
pandas, numpy, Pillow and matplotlib are known by the marks that their values carry; none is imported for this. Bytes,
functions and keys are no text: naming one is a mistake, and an error.
"""

from __future__ import annotations

import inspect
import json
from binascii import a2b_base64
from collections.abc import Iterable, Mapping
from typing import Any

from ...errors import InputError, plain
from ...keys import holds_secret, keys_in
from ...settings import Key
from .. import preferences
from .interpolate import evaluate, written

ROWS = 50
"""Rows of a table that are told."""
COLUMNS = 30
"""Columns of a table that are told."""
CELL = 200
"""Characters of one cell of a table."""
LINE = 80
"""JSON up to this length stays on one line."""


def told(expression: str, names: Mapping[str, Any]) -> str:
    """Evaluate an expression and put its value into words; raises as `evaluate` and `text_of` do."""
    return text_of(evaluate(expression, names), written(expression), preferences.current().value_characters)


def spoken(expression: str, names: Mapping[str, Any]) -> Any:
    """Evaluate an expression for a prompt that may hold pictures: `told`, or a `picture_in` the value."""
    value = evaluate(expression, names)
    picture = picture_in(value)
    limit = preferences.current().value_characters
    return text_of(value, written(expression), limit) if picture is None else picture


def text_of(value: Any, shown: str, limit: int) -> str:
    """Put a value into words, in at most `limit` characters and a note of what was cut.

    Raises `InputError` for bytes, functions, modules, pictures, keys and what gives no text; `shown` names it there.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        raise InputError(f"{shown} is bytes, not text.", "Decode it first, with .decode().")
    if inspect.isroutine(value) or inspect.isgenerator(value) or inspect.iscoroutine(value):
        raise InputError(f"{shown} is a {type(value).__name__}, not a value.", "Call it, or collect what it gives.")
    if inspect.ismodule(value):
        raise InputError(f"{shown} is a module, not a value.", "Name something in it.")
    if picture_in(value) is not None:
        raise InputError(f"{shown} is a picture, which cannot stand in a text.", "Pictures go into a chat's body.")
    try:
        keep(value, shown)
        text = _words(value)
    except InputError:
        raise
    except Exception as error:
        what = f"{shown} cannot be put into words: {type(error).__name__}: {plain(error, 160)}."
        raise InputError(what, "Give its text yourself; nothing was sent.") from error
    keep(text, shown)
    if len(text) <= limit:
        return text
    return f"{text[:limit]}\n[cut: {limit:,} of {len(text):,} characters]"


def keep(value: Any, shown: str) -> None:
    """Raise `InputError` for a value that is, or holds, a key: a prompt would send it to a model.

    A key is one of this session, or what the key guard would stop at in a cell, unless that is off.
    """
    guarded = isinstance(value, Key) or hasattr(type(value), "get_secret_value")
    text = value if isinstance(value, str) else str(value) if isinstance(value, dict | list | tuple | set) else ""
    if guarded or holds_secret(text) or (preferences.current().key_guard and keys_in(text)):
        raise InputError(f"{shown} holds a secret, which is not sent to a model.", "Leave it out; nothing was sent.")


def _words(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if is_frame(value):
        return _table(value if hasattr(value, "columns") else value.to_frame())
    if is_array(value):
        return f"array of shape {value.shape}, {value.dtype}:\n{value}"
    if isinstance(value, dict | list | tuple):
        return _json(value)
    return str(value)


def _json(value: Any) -> str:
    try:
        line = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return line if len(line) <= LINE else json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2)
    except (TypeError, ValueError, RecursionError):
        return str(value)


def is_frame(value: Any) -> bool:
    """Say whether a value is a DataFrame, Series or Index of pandas, or of what builds on it."""
    return _is(value, "pandas", ("DataFrame", "Series", "Index"))


def is_array(value: Any) -> bool:
    """Say whether a value is an array of numpy that has at least one dimension."""
    return _is(value, "numpy", ("ndarray",)) and value.ndim > 0


def _is(value: Any, home: str, names: Iterable[str]) -> bool:
    return any(kind.__module__.partition(".")[0] == home and kind.__name__ in names for kind in type(value).__mro__)


def _table(frame: Any) -> str:
    height, width = frame.shape
    part = frame.iloc[:ROWS, :COLUMNS]
    numbered = type(frame.index).__name__ == "RangeIndex"
    head = [*([] if numbered else [_cell(frame.index.name or "")]), *map(_cell, part.columns)]
    rows = [
        [*([] if numbered else [_cell(label)]), *map(_cell, row)]
        for label, row in zip(part.index, part.itertuples(index=False, name=None), strict=True)
    ]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    lines.append(
        f"{height:,} row{'s' * (height != 1)} × {width:,} column{'s' * (width != 1)}{_left_out(height, width)}"
    )
    return "\n".join(lines)


def _left_out(height: int, width: int) -> str:
    kept = [f"{ROWS} rows"] * (height > ROWS) + [f"{COLUMNS} columns"] * (width > COLUMNS)
    return f"; only the first {' and '.join(kept)} are shown" if kept else ""


def _cell(value: Any) -> str:
    text = f"{value:.10g}" if isinstance(value, float) else " ".join(str(value).split())
    text = text.replace("|", r"\|")
    return text if len(text) <= CELL else text[: CELL - 1] + "…"


def picture_in(value: Any) -> Any:
    """Give the picture that a value is or shows itself as, for `api.pictures`; None where it is none."""
    kind = type(value)
    if isinstance(value, str | bytes) or is_frame(value):
        return None
    if hasattr(kind, "savefig") or (hasattr(kind, "save") and hasattr(value, "mode")):  # matplotlib's, Pillow's
        return value
    if _is(value, "matplotlib", ("Axes",)):
        return value.get_figure()
    for face in ("_repr_png_", "_repr_jpeg_"):
        if callable(getattr(kind, face, None)) and (content := _content(getattr(value, face))) is not None:
            return content
    return None


def _content(face: Any) -> bytes | None:
    try:
        shown = face()
        shown = shown[0] if isinstance(shown, tuple) else shown
        return a2b_base64(shown) if isinstance(shown, str) else shown if isinstance(shown, bytes) else None
    except Exception:  # noqa: BLE001 - whatever the value's own method raises, it shows no picture
        return None


def plainly(value: Any) -> Any:
    """Give a table or an array as JSON has it: a list of records or of values; anything else stays as it is."""
    if is_frame(value):
        frame = value if hasattr(value, "to_json") else value.to_series()
        return json.loads(frame.to_json(orient="records", date_format="iso", double_precision=15))
    if _is(value, "numpy", ("ndarray", "generic")):
        return value.tolist()
    return value
