"""The beginning of a text -> what it holds: JSON folded, a table as a table, words as they stand. Pure."""

from __future__ import annotations

import csv
import json

from .. import page

_LINES, _LONGEST = 200, 20_000
_ROWS, _COLUMNS, _CELL = 10, 8, 60
_DELIMITERS = {"text/csv": ",", "text/tab-separated-values": "\t"}


def peek(beginning: bytes, mime: str, *, whole: bool) -> str:
    """Draw the beginning of a text as safe HTML; `whole` says that nothing follows."""
    said = beginning.decode("utf-8-sig", "replace")
    if mime == "application/json" and whole and (folded := _json(said)):
        return folded
    if mime in _DELIMITERS and (rows := _rows(said, _DELIMITERS[mime], whole=whole)):
        return _table(rows, whole=whole)
    return page.pre(said[:2_000] + ("" if whole and len(said) <= 2_000 else "…"))


def _json(said: str) -> str:
    """Fold JSON under a line that says what it is; "" for what is none."""
    try:
        value = json.loads(said)
        lines = json.dumps(value, indent=2, ensure_ascii=False)[:_LONGEST].splitlines()
    except (ValueError, RecursionError):
        return ""
    shown = "\n".join(lines[:_LINES]) + ("\n…" if len(lines) > _LINES else "")
    if isinstance(value, dict):
        what = f"{_counted(len(value), 'name')}: {page.cut(', '.join(map(str, list(value)[:12])), 80)}"
    else:
        what = _counted(len(value), "entry", "entries") if isinstance(value, list) else "one value"
    summary = f'<summary style="cursor:pointer">{page.text(what)}</summary>'
    return f"<details>{summary}{page.pre(shown)}</details>"


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number:,} {one if number == 1 else several or f'{one}s'}"


def _rows(said: str, delimiter: str, *, whole: bool) -> list[list[str]]:
    """Read the first rows; [] for what is no table."""
    lines = said.splitlines()[: _ROWS * 4]
    complete = lines if whole or len(said.splitlines()) > len(lines) else lines[:-1]
    try:
        rows = [row for row in csv.reader(complete, delimiter=delimiter) if row][: _ROWS + 2]
    except csv.Error:
        return []
    return rows if len(rows) > 1 and len(rows[0]) > 1 else []


def _table(rows: list[list[str]], *, whole: bool) -> str:
    head, body = rows[0], rows[1 : _ROWS + 1]
    width = min(len(head), _COLUMNS)
    cells = [[page.text(page.cut(cell, _CELL)) for cell in [*row, *[""] * width][:width]] for row in body]
    more = [
        "" if whole and len(rows) <= len(body) + 1 else f"the first {len(body)} rows",
        f"{width} of {len(head)} columns" if len(head) > width else "",
    ]
    said = ", ".join(filter(None, more))
    return page.table([page.cut(cell, _CELL) for cell in head[:width]], cells) + page.caption(said)
