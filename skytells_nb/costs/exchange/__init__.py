"""The record to a file and back: CSV, Parquet or JSON by the name's ending, exact to the last place of every amount."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import pandas as pd

from ...errors import InputError, SetupError, plain
from ..columns import COLUMNS
from ..frames import frame_of_rows, usage
from ..ledger import Ledger, given_or_default
from ..rows import Row, fitting
from ..store import StoreError, UnfitError
from .formats import format_of, read_file
from .plain_values import CHECKS, Table, check_columns, converted

_ALWAYS = (
    *("id", "session", "started_at", "api", "endpoint", "model", "stream", "sandbox"),
    *("status", "attempts", "waited", "cost_source", "currency", "fingerprint"),
)
"""What the record knows of every call."""


def export_usage(
    path: str | os.PathLike[str], frame: pd.DataFrame | None = None, *, overwrite: bool = False, **chosen: Any
) -> Path:
    """Write calls to a .csv, .json, .jsonl or .parquet file, whole or not at all; returns its path.

    `frame` has the columns of `sky.usage()`, in any order; without one, the calls are those that `sky.usage` gives for
    the other arguments. Money is written exactly: text in CSV and JSON, decimals in Parquet (which needs the extra
    `parquet`). In CSV a text that a spreadsheet would take for a formula has a ' before it, which `import_usage` takes
    off. Raises `InputError` for a file that is there already (unless `overwrite`), for a frame with other columns, and
    for values that are none of their column's kind.
    """
    target = _path(path)
    write = format_of(target).write
    if frame is not None and chosen:
        what = f"A frame was given, and {', '.join(map(repr, chosen))} to choose calls by."
        raise InputError(what, "Give one or the other; nothing was written.")
    if not overwrite and os.path.lexists(target):
        raise InputError(
            f"{plain(target, 200)} is there already.", "Give another name, or sky.export_usage(…, overwrite=True)."
        )
    table = _plain(usage(**chosen) if frame is None else frame)
    part = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as file:
            write(table, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        what = f"{plain(target, 200)} cannot be written: {plain(error.strerror or error, 120)}."
        raise InputError(what, "Choose another folder.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def import_usage(path: str | os.PathLike[str], *, record: bool = False, ledger: Ledger | None = None) -> pd.DataFrame:
    """Read a file that `export_usage` wrote as the same frame, dtypes and all; it may come from anybody.

    With `record`, the calls that the record does not hold yet (by their ids) are added to it; doing it again adds
    nothing. Raises `InputError` for what is no such file, with the row and column at fault: nothing is recorded then.
    """
    table = read_file(_path(path))
    _check_ids(table["id"])
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    if record:
        _record(rows, given_or_default(ledger))
    return frame_of_rows(rows)


def _path(given: str | os.PathLike[str]) -> Path:
    try:
        return Path(given).expanduser()
    except (RuntimeError, TypeError, ValueError) as error:
        what = f"{plain(repr(given), 60)} is no path of a file."
        raise InputError(what, 'Write one such as "usage.csv".') from error


def _plain(frame: pd.DataFrame) -> Table:
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{plain(type(frame).__name__, 40)} is no DataFrame.", "Give what sky.usage() returns.")
    check_columns(frame.columns, "The frame")
    found: Table = {}
    for name, kind in COLUMNS.items():
        values = frame[name].astype("object")
        found[name] = converted(name, values.where(values.notna(), None), CHECKS[kind])
    return found


def _check_ids(ids: list[str | None]) -> None:
    seen: set[str] = set()
    for number, name in enumerate(ids, start=1):
        if name in seen:
            raise InputError(f"Row {number} has the id of one before it: {plain(name, 60)}.", "Take one away.")
        if name is not None:
            seen.add(name)


def _record(rows: list[dict[str, Any]], ledger: Ledger) -> None:
    known = [{name: value for name, value in row.items() if value is not None} for row in rows]
    for number, row in enumerate(known, start=1):
        if missing := [name for name in _ALWAYS if name not in row]:
            what = f"Row {number} does not say its {', '.join(missing)}: it was not made by the record."
            raise InputError(what, "Leave record out; nothing was recorded.")
    for number, row in enumerate(known):
        try:
            _insert(row, ledger)
        except StoreError as error:
            what = f"Of {len(known)} rows, {number} were recorded in {ledger.place}: {error}."
            raise SetupError(what, "Import again when it can be written: no row is added twice.") from error


def _insert(row: Row, ledger: Ledger) -> None:
    try:
        ledger.insert(row)
    except UnfitError:
        ledger.insert(fitting(row))
