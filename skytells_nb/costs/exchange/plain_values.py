"""Values of the record outside it, by their kind: what is believed of a file, and how a text file writes them.

A plain value is what a row of the record holds: text, decimal text for money, ISO 8601 in UTC with microseconds for a
moment, bool, int or float; None where nothing is known. Every check raises `NotThisError`, which says what is wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from ...api.reading import mended
from ...errors import InputError, plain
from ..columns import COLUMNS, Kind

Table = dict[str, list[Any]]
"""Plain values by column: all columns of the record, in its order, all of one length."""

_LARGEST = Decimal("1e15")
_MOST_PLACES = 60
_AMOUNT = re.compile(r"\d{1,60}(\.\d{1,60})?([eE][+-]?\d{1,3})?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE = re.compile(r"\d{1,19}", re.ASCII)
_REAL = re.compile(r"-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?", re.ASCII)
_FLAGS = {"true": True, "false": False}
_ACTIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


class NotThisError(ValueError):
    """A value is not of its column's kind; the message goes on after the value."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise NotThisError("is no text")
    return mended(value)


def _object(value: Any) -> str:
    """Check JSON of an object; the text stays as it is."""
    if not isinstance(value, str) or not _is_object(value):
        raise NotThisError("is no JSON object, as text")
    return mended(value)


@lru_cache(4096)
def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _moment(value: Any) -> str:
    if isinstance(value, str):
        if not _MOMENT.fullmatch(value):
            raise NotThisError("is no moment: write one as 2026-11-22T09:30:00.000000+00:00")
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise NotThisError("is no day and time of the calendar") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise NotThisError("is no moment with a time zone")
    try:
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        raise NotThisError("is no day and time of the calendar") from None


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise NotThisError("is neither true nor false")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise NotThisError("is no whole number of 0 to 2^63 - 1")
    return value


def _real(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotThisError("is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise NotThisError("is no finite number")
    return number


def _money(value: Any) -> str:
    text = str(value) if isinstance(value, Decimal) else value
    if not isinstance(text, str) or not _is_amount(text):
        raise NotThisError(f'is no amount of 0 to 10^15 with at most {_MOST_PLACES} places, as text such as "0.25"')
    return text


@lru_cache(65_536)
def _is_amount(text: str) -> bool:
    return _AMOUNT.fullmatch(text) is not None and (
        Decimal(text) < _LARGEST and int(Decimal(text).as_tuple().exponent) >= -_MOST_PLACES
    )


CHECKS: Mapping[Kind, Callable[[Any], Any]] = {
    "text": _text,
    "word": _text,
    "moment": _moment,
    "flag": _flag,
    "count": _count,
    "real": _real,
    "money": _money,
    "json": _object,
}
"""Each takes a value of any type and gives the plain one; raises `NotThisError` for what is none of its kind."""


def _bare(field: str) -> str:
    """Take the ' off that `quieted` put before a text."""
    return field[1:] if field[:1] == "'" else field


def quieted(value: str) -> str:
    """Write a text so that a spreadsheet takes it for no formula, and an empty one for no missing one.

    A ' stands before what begins with = + - @ ' or a control, and for what is empty; reading takes it off again.
    """
    return "'" + value if not value or value[0] in _ACTIVE else value


def _read_flag(field: str) -> bool:
    return _flag(_FLAGS.get(field.lower()))


def _read_count(field: str) -> int:
    return _count(int(field) if _WHOLE.fullmatch(field) else None)


def _read_real(field: str) -> float:
    return _real(float(field) if _REAL.fullmatch(field) else None)


FIELDS: Mapping[Kind, Callable[[str], Any]] = {
    "text": lambda field: _text(_bare(field)),
    "word": lambda field: _text(_bare(field)),
    "moment": _moment,
    "flag": _read_flag,
    "count": _read_count,
    "real": _read_real,
    "money": _money,
    "json": lambda field: _object(_bare(field)),
}
"""Each takes a field of a text file, which is not empty, and gives the plain value; raises `NotThisError`."""

WRITERS: Mapping[Kind, Callable[[Any], str]] = {
    "text": quieted,
    "word": quieted,
    "moment": str,
    "flag": lambda value: "true" if value else "false",
    "count": str,
    "real": repr,
    "money": str,
    "json": quieted,
}
"""Each writes a plain value as a field of a text file."""


def converted(name: str, values: Iterable[Any], check: Callable[[Any], Any]) -> list[Any]:
    """Check a column; None stays. Raises `InputError` that names row (the first is 1) and column."""
    found: list[Any] = []
    number, value = 0, None
    try:
        for number, value in enumerate(values, start=1):  # noqa: B007 - the error names them
            found.append(None if value is None else check(value))
    except NotThisError as error:
        what = f"Row {number}, column {name!r}: {plain(repr(value), 60)} {error}."
        raise InputError(what, "Nothing was written or recorded.") from None
    return found


def check_columns(names: Iterable[object], where: str) -> None:
    """Raise `InputError` unless the names are those of `sky.usage()`, each once, in any order."""
    given = list(names)
    known = Counter(given)
    if doubled := next((name for name, times in known.items() if times > 1), None):
        raise InputError(f"{where} holds the column {plain(repr(doubled), 60)} twice.", "Take one away.")
    if strange := [name for name in given if name not in COLUMNS]:
        what = f"{where} holds a column that sky.usage() has not: {plain(repr(strange[0]), 60)}."
        raise InputError(what, "Take it away: frame.drop(columns=…).")
    if missing := [name for name in COLUMNS if name not in known]:
        what = f"{where} has no column {', '.join(map(repr, missing[:5]))}{' …' if len(missing) > 5 else ''}."
        raise InputError(what, "It takes all columns of sky.usage().")
