"""The values of one column, chunk by chunk -> one array of its dtype, the same with pandas 2 and 3.

A store gives numbers, text, or (PostgreSQL) decimals and datetimes. What a foreign hand has written into a column that
is not of its kind is missing in the array; it stops nobody from reading the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from .cells import amount, real, text, whole
from .columns import Kind

DTYPE_OF: dict[Kind, str] = {
    "text": "string",
    "word": "category",
    "moment": "datetime64[us, UTC]",
    "flag": "boolean",
    "count": "Int64",
    "real": "Float64",
    "money": "object",
    "json": "string",
}
"""The dtype of each kind of column."""

_EXACT = 2.0**53
"""Whole numbers below it are floats without loss."""


class Gathering(Protocol):
    """Takes the values of a column in chunks, and makes one array of them."""

    def add(self, values: Sequence[Any]) -> None:
        """Take the next values."""

    def array(self) -> Any:
        """Give all as one array."""


def gathering(kind: Kind) -> Gathering:
    """Give what gathers a column of a kind."""
    if kind == "word":
        return _Words()
    if kind == "money":
        return _Money()
    return _Pieces(_MAKERS[kind], DTYPE_OF[kind])


def array_of(kind: Kind, values: Sequence[Any]) -> Any:
    """Make an array of the values of a kind."""
    gathered = gathering(kind)
    gathered.add(values)
    return gathered.array()


class _Pieces:
    """An array for each chunk, joined at the end."""

    def __init__(self, make: Callable[[Sequence[Any]], Any], dtype: str) -> None:
        self._make = make
        self._pieces = [pd.Series([], dtype=dtype)]

    def add(self, values: Sequence[Any]) -> None:
        self._pieces.append(pd.Series(self._make(values), copy=False))

    def array(self) -> Any:
        return pd.concat(self._pieces, ignore_index=True).array


class _Words:
    """Codes of a few different words, in the order of the alphabet at the end."""

    def __init__(self) -> None:
        self._codes = _Codes()
        self._pieces = [np.empty(0, np.int32)]

    def add(self, values: Sequence[Any]) -> None:
        self._pieces.append(np.fromiter(map(self._codes.__getitem__, values), np.int32, len(values)))

    def array(self) -> Any:
        words = self._codes.words
        ordered = sorted(words)
        places = np.full(len(words) + 1, -1, np.int32)  # the last is for what is missing
        places[[words[word] for word in ordered]] = np.arange(len(words))
        codes = places[np.concatenate(self._pieces)]
        return pd.Categorical.from_codes(codes, categories=pd.Index(ordered, dtype="string"))


class _Codes(dict[Any, int]):
    """Numbers words as they come; what is missing is -1."""

    def __init__(self) -> None:
        super().__init__({None: -1})
        self.words: dict[str, int] = {}

    def __missing__(self, value: Any) -> int:
        self[value] = code = self.words.setdefault(text(value), len(self.words))
        return code


class _Money:
    """Exact amounts; each text is read once."""

    def __init__(self) -> None:
        self._amounts = _Amounts()
        self._pieces = [np.empty(0, object)]

    def add(self, values: Sequence[Any]) -> None:
        self._pieces.append(np.fromiter(map(self._amounts.__getitem__, values), object, len(values)))

    def array(self) -> Any:
        return np.concatenate(self._pieces)


class _Amounts(dict[Any, Decimal | None]):
    def __missing__(self, value: Any) -> Decimal | None:
        self[value] = read = amount(value)
        return read


def _floats(values: Sequence[Any]) -> npt.NDArray[np.float64] | None:
    """Give a column of numbers as floats, NaN for what is missing; None where not all are numbers."""
    try:
        return np.array(values, dtype=np.float64)
    except (OverflowError, TypeError, ValueError):
        return None


def _reals(values: Sequence[Any]) -> Any:
    read = _floats(values)
    if read is None:
        read = np.array([real(value) for value in values], dtype=np.float64)
    missing = ~np.isfinite(read)
    return pd.arrays.FloatingArray(np.where(missing, 0.0, read), missing)


def _counts(values: Sequence[Any]) -> Any:
    read = _floats(values)
    if read is not None:
        missing = np.isnan(read)
        read = np.where(missing, 0.0, read)
        if (np.abs(read) < _EXACT).all() and (read == np.floor(read)).all():
            return pd.arrays.IntegerArray(read.astype(np.int64), missing)
    return pd.array([whole(value) for value in values], dtype="Int64")


def _flags(values: Sequence[Any]) -> Any:
    read = _floats(values)
    if read is None:
        read = np.array([real(value) for value in values], dtype=np.float64)
    missing = np.isnan(read)
    return pd.arrays.BooleanArray(np.where(missing, 0.0, read) != 0.0, missing)


def _texts(values: Sequence[Any]) -> Any:
    try:
        "".join(filter(None, values)).encode()
    except (TypeError, UnicodeEncodeError):  # what is no text, or half a character
        values = [None if value is None else text(value) for value in values]
    return pd.array(values, dtype="string")


def _moments(values: Sequence[Any]) -> Any:
    known = [value if isinstance(value, str | datetime) else None for value in values]
    read = pd.to_datetime(pd.Series(known, dtype="object"), utc=True, format="ISO8601", errors="coerce")
    return read.dt.as_unit("us").array


_MAKERS: dict[Kind, Callable[[Sequence[Any]], Any]] = {
    "text": _texts,
    "moment": _moments,
    "flag": _flags,
    "count": _counts,
    "real": _reals,
    "json": _texts,
}
