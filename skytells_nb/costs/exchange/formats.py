"""The record as a file: CSV, JSON, JSON lines and Parquet, written from plain values and read as a stranger's.

Text files are UTF-8 (CSV by RFC 4180, a missing value is an empty field); Parquet keeps types of its own, and money in
decimals that are wide enough. Readers raise `InputError` that says where a file is not what it should be.
"""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import IO, Any

from ...errors import InputError, SkytellsError, plain
from ..columns import COLUMNS
from .plain_values import CHECKS, FIELDS, WRITERS, Table, check_columns, converted

MOST_BYTES = 4 * 2**30
"""The largest file that is read, and the most that a packed one may hold."""
_MOST_FIELD = 64 * 2**20
_csv_limit = threading.Lock()


@dataclass(frozen=True, slots=True)
class Format:
    """How a table is written to an open binary file, and read from a path."""

    write: Callable[[Table, IO[bytes]], None]
    read: Callable[[Path], Table]


def _rows(table: Table) -> Iterator[tuple[Any, ...]]:
    return zip(*table.values(), strict=True)


class _Utf8:
    """Lets a writer of text write to a binary file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> int:
        return self._file.write(text.encode())


def _write_csv(table: Table, file: IO[bytes]) -> None:
    writer = csv.writer(_Utf8(file))
    writer.writerow(table)
    fields = [
        ["" if value is None else write(value) for value in values]
        for values, write in zip(table.values(), (WRITERS[kind] for kind in COLUMNS.values()), strict=True)
    ]
    writer.writerows(zip(*fields, strict=True))


def _read_csv(path: Path) -> Table:
    _check_end(path)
    with _csv_limit, path.open(encoding="utf-8-sig", newline="") as file:
        before = csv.field_size_limit(_MOST_FIELD)
        try:
            lines = csv.reader(file, strict=True)
            names = next(lines, [])
            check_columns(names, "The file")
            columns: list[list[str | None]] = [[] for _ in names]
            for number, fields in enumerate(lines, start=1):
                if len(fields) != len(names):
                    what = f"Row {number} holds {len(fields)} fields, where there are {len(names)} columns."
                    raise InputError(what, _CUT)
                for column, field in zip(columns, fields, strict=True):
                    column.append(field or None)
        except csv.Error as error:
            raise InputError(f"Line {lines.line_num} of the file is no CSV: {error}.", _CUT) from None
        finally:
            csv.field_size_limit(before)
    found = dict(zip(names, columns, strict=True))
    return {name: converted(name, found.pop(name), FIELDS[kind]) for name, kind in COLUMNS.items()}


_CUT = "Export it again; it may be cut off."


def _check_end(path: Path) -> None:
    """Raise `InputError` where the last line has no end: what follows may be lost."""
    with path.open("rb") as file:
        size = file.seek(0, SEEK_END)
        file.seek(max(size - 1, 0))
        if file.read() not in (b"", b"\n"):
            raise InputError("The last line of the file has no end.", _CUT)


def _records(table: Table) -> Iterator[str]:
    for row in _rows(table):
        yield json.dumps(dict(zip(table, row, strict=True)), ensure_ascii=False, allow_nan=False)


def _write_json(table: Table, file: IO[bytes]) -> None:
    file.write(b"[")
    for number, text in enumerate(_records(table)):
        file.write((",\n" if number else "\n").encode() + text.encode())
    file.write(b"\n]\n")


def _write_lines(table: Table, file: IO[bytes]) -> None:
    for text in _records(table):
        file.write(text.encode() + b"\n")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("an object names a column twice")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


_decode = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number).decode


def _read_json(path: Path) -> Table:
    try:
        rows = _decode(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"The file is no JSON: {_why(error)}.", _CUT) from None
    if not isinstance(rows, list):
        raise InputError("The file holds no list of rows.", 'It begins with "[".')
    return _of_records(enumerate(rows, start=1))


def _read_lines(path: Path) -> Table:
    _check_end(path)
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        return _of_records(_decoded_lines(file))


def _decoded_lines(file: IO[str]) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(file, start=1):
        try:
            row = _decode(line)
        except (ValueError, RecursionError) as error:
            raise InputError(f"Row {number} is no JSON: {_why(error)}.", _CUT) from None
        yield number, row


def _of_records(rows: Iterator[tuple[int, Any]]) -> Table:
    found: Table = {name: [] for name in COLUMNS}
    for number, row in rows:
        if not isinstance(row, dict):
            raise InputError(f"Row {number} is no object.", _CUT)
        if row.keys() != COLUMNS.keys():
            check_columns(row, f"Row {number}")
        for name, values in found.items():
            values.append(row[name])
    return {name: converted(name, found.pop(name), CHECKS[kind]) for name, kind in COLUMNS.items()}


def _why(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else plain(error, 120)


def _write_parquet(table: Table, file: IO[bytes]) -> None:
    from . import parquet

    parquet.write(table, file)


def _read_parquet(path: Path) -> Table:
    from . import parquet

    return parquet.read(path, MOST_BYTES)


FORMATS: Mapping[str, Format] = {
    ".csv": Format(_write_csv, _read_csv),
    ".json": Format(_write_json, _read_json),
    ".jsonl": Format(_write_lines, _read_lines),
    ".parquet": Format(_write_parquet, _read_parquet),
}
"""The formats by the ending of a file's name."""


def format_of(path: Path) -> Format:
    """Give the format that a file's name says; raises `InputError` for an ending that is none."""
    if found := FORMATS.get(path.suffix.lower()):
        return found
    what = f"{plain(path.name, 80)!r} does not say which format it has."
    raise InputError(what, f"End its name with {', '.join(FORMATS)}.")


def read_file(path: Path) -> Table:
    """Read a file that may be anybody's; raises `InputError` for what is no exported record, and says where."""
    read = format_of(path).read
    try:
        if not path.is_file():
            raise InputError("There is no such file.", "Name one that sky.export_usage wrote.")
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"The file is larger than {MOST_BYTES // 2**30} GB.", "Export it in parts.")
        return read(path)
    except InputError as error:
        raise InputError(f"{plain(path.name, 80)}: {error.what}", error.fix) from None
    except SkytellsError:
        raise
    except UnicodeDecodeError as error:
        what = f"{plain(path.name, 80)}: The file is no UTF-8 at byte {error.start}."
        raise InputError(what, "Save it as UTF-8.") from None
    except (OSError, ValueError) as error:
        reason = plain(getattr(error, "strerror", None) or error, 120)
        raise InputError(f"{plain(path.name, 80)} cannot be read: {reason}.", "Choose another file.") from error
