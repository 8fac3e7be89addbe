"""The table in an answer: JSON, a Markdown table or CSV -> columns and rows; and a DataFrame as safe HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import UnreadableAnswerError
from .. import page
from . import json_tree
from .markdown import codes, parsed

if TYPE_CHECKING:
    from markdown_it.token import Token

MOST_COLUMNS, MOST_ROWS = 500, 200_000
_ROWS_DRAWN, _COLUMNS_DRAWN = 30, 20
_FIX = "Ask for a table in the prompt. The answer is kept: sys.last_value.reply."


@dataclass(frozen=True, slots=True)
class Table:
    """Names of columns, and rows of as many values, None for what is not there.

    In one that was `written`, as Markdown and CSV are, all values are text; JSON says itself what is a number.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    written: bool = False


def find(text: str) -> Table:
    """Read the first table of an answer: JSON as a whole or in a fence, a Markdown table, CSV in a fence, any JSON.

    JSON may be rows (objects or lists), columns (an object of lists), one object, or an object that holds one of these.
    Raises `UnreadableAnswerError` where there is none, or one of over 500 columns or 200,000 rows.
    """
    found = _from_json(text, within_prose=False) or _from_markdown(text) or _from_csv(text) or _from_json(text)
    if found is None or not found.columns:
        raise UnreadableAnswerError("The answer holds no table: no JSON of rows, no Markdown table, no CSV.", _FIX)
    return found


def _table(columns: Sequence[str], rows: Sequence[Any], cells: Callable[[Any], Sequence[Any]], **how: bool) -> Table:
    """Make a table of rows of any kind, whose `cells` are taken only where there are not too many."""
    if len(columns) > MOST_COLUMNS or len(rows) > MOST_ROWS:
        what = f"The table in the answer is too large: {len(columns):,} columns, {len(rows):,} rows."
        raise UnreadableAnswerError(what, _FIX)
    return Table(tuple(columns), tuple(tuple(cells(row)) for row in rows), **how)


def _from_json(text: str, *, within_prose: bool = True) -> Table | None:
    try:
        value = json_tree.find(text, within_prose=within_prose)
    except UnreadableAnswerError:
        return None
    return _of_value(value)


def _of_value(value: Any) -> Table | None:
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        columns = tuple(dict.fromkeys(name for row in value for name in row))
        return _table(columns, value, lambda row: [row.get(name) for name in columns])
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value):
        return _rectangle([str(at) for at in range(max(map(len, value)))], value, written=False)
    if not isinstance(value, dict) or not value:
        return None
    lists = [each for each in value.values() if isinstance(each, list)]
    flat = not any(isinstance(item, dict | list) for each in lists for item in each)
    if flat and len(lists) == len(value) and len(set(map(len, lists))) == 1:
        return _table(tuple(value), list(zip(*lists, strict=True)), tuple)
    if len(lists) == 1 and (inner := _of_value(lists[0])):
        return inner
    return _table(tuple(value), [value.values()], tuple)


def _rectangle(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, written: bool = True) -> Table:
    """Make rows as long as there are columns, and names that occur once."""
    names: dict[str, None] = {}
    for at, name in enumerate(columns):
        plain = name.strip() or str(at)
        while plain in names:
            plain = f"{plain}_{at}"
        names[plain] = None
    wide = len(names)
    return _table(tuple(names), rows, lambda row: (*row[:wide], *[None] * (wide - len(row))), written=written)


def _from_markdown(text: str) -> Table | None:
    rows: list[list[str]] = []
    tokens = parsed(text)
    for at, token in enumerate(tokens):
        match token.type:
            case "tr_open":
                rows.append([])
            case "th_open" | "td_open":
                rows[-1].append("".join(map(_words, tokens[at + 1].children or ())))
            case "table_close":
                return _rectangle(rows[0], rows[1:])
    return None


def _words(token: Token) -> str:
    return " " if token.type == "softbreak" else token.content


def _from_csv(text: str) -> Table | None:
    for code in codes(text):
        if code.language.lower() in ("csv", "tsv"):
            first = code.text.partition("\n")[0]
            mark = "\t" if code.language.lower() == "tsv" else max(",;\t", key=first.count)
            lines = csv.reader(io.StringIO(code.text), delimiter=mark, skipinitialspace=True)
            with suppress(csv.Error):  # a cell of over 128 kB: the answer is shown as its text
                if rows := [row for row in lines if row]:
                    return _rectangle(rows[0], rows[1:])
    return None


def to_html(frame: Any) -> str:
    """Draw the beginning of a DataFrame: 30 rows of 20 columns at most, and how many there are."""
    head = frame.iloc[:_ROWS_DRAWN, :_COLUMNS_DRAWN]
    missing = head.isna().to_numpy().tolist()
    values = head.astype(object).to_numpy().tolist()
    rows = [
        [page.text("" if gone else page.cut(value, 200)) for value, gone in zip(row, empty, strict=True)]
        for row, empty in zip(values, missing, strict=True)
    ]
    return page.table([page.cut(name, 80) for name in head.columns], rows) + page.caption(size(frame))


def size(frame: Any) -> str:
    """Say how many rows and columns a DataFrame has."""
    (rows, columns) = frame.shape
    return f"{rows:,} row{'' if rows == 1 else 's'}, {columns:,} column{'' if columns == 1 else 's'}"
