"""The record as a DataFrame: one row a call, the same columns and dtypes always, also when there is none.

Money is exact (`Decimal` in an object column, missing where it is not known, never 0); counts and seconds are nullable;
moments are aware UTC; words of which there are few are categories. Calls of the sandbox are marked and never mixed with
live ones unless asked for. `frame_of_rows` makes such a frame of other rows: mappings of columns to values as
`Ledger.rows()` gives them (decimal text or `Decimal`, ISO 8601 or aware datetimes); what a row lacks is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from ..api.values import Embeddings
from . import here as place
from .arrays import DTYPE_OF, gathering
from .choice import Live, Moment, choose
from .columns import COLUMNS
from .ledger import Ledger, given_or_default
from .summaries import summary

__all__ = ["DTYPES", "frame_of", "frame_of_rows", "summary", "table_frame", "usage", "vectors_frame"]

DTYPES: dict[str, str] = {name: DTYPE_OF[kind] for name, kind in COLUMNS.items()}
"""The columns of `usage()`, in order, with their dtypes."""

_CHUNK = 20_000


def usage(
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    last: str | None = None,
    model: str | None = None,
    tag: str | None = None,
    live: Live = None,
    here: bool = False,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Load the record as a DataFrame, one row a call, oldest first, with the columns and dtypes of `DTYPES`.

    `since` and `until` bound when calls began, the second left out: a datetime, a date or ISO text, UTC where no zone
    is named. `last` is a span such as "30m", "12h", "7d" or "2w"; `model` (as asked for) and `tag` must be equal.
    `live` is True for calls of the service, False for those of the sandbox, "all" for both; by default those of where
    this session is now. `here` keeps to this notebook, or to this kernel where the notebook's name is not known.
    Raises `InputError` for what cannot be read so.
    """
    record = given_or_default(ledger)
    chosen = choose(
        since=since, until=until, last=last, model=model, tag=tag, live=live, here=here, notebook=place.notebook()
    )
    frame = frame_of([*COLUMNS], record.read([*COLUMNS], chosen))
    begun = frame["started_at"]
    return frame if begun.is_monotonic_increasing else frame.iloc[begun.argsort(kind="stable")].reset_index(drop=True)


def frame_of(columns: Sequence[str], chunks: Iterable[Sequence[Sequence[Any]]]) -> pd.DataFrame:
    """Make a frame of some columns, typed by `DTYPES`, from chunks of rows that hold their values in that order."""
    gathered = [gathering(COLUMNS[name]) for name in columns]
    for chunk in chunks:
        for column, values in zip(gathered, zip(*chunk, strict=True), strict=bool(chunk)):
            column.add(values)
    return pd.DataFrame({name: column.array() for name, column in zip(columns, gathered, strict=True)}, copy=False)


def frame_of_rows(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Make the frame of `usage()` from rows by column name, in their order; what is no column of it is left out."""
    return frame_of([*COLUMNS], _chunks(iter(rows)))


def _chunks(rows: Iterator[Mapping[str, Any]]) -> Iterator[list[list[Any]]]:
    while chunk := [[row.get(name) for name in COLUMNS] for row in islice(rows, _CHUNK)]:
        yield chunk


def vectors_frame(embeddings: Embeddings) -> pd.DataFrame:
    """Make a DataFrame of vectors: a row for each text, which is its index; a float32 column for each dimension."""
    return pd.DataFrame(embeddings.to_numpy(), index=pd.Index(embeddings.texts, name="text", dtype="object"))


def table_frame(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, written: bool = False) -> pd.DataFrame:
    """Make a DataFrame of a table, with nullable dtypes; None is missing.

    In one that was `written`, a column of text that is all numbers (1,234.5 too, 007 not) becomes numbers, and blank
    text is missing.
    """
    listed = [[row[at] for row in rows] for at in range(len(columns))]
    typed = [_typed(values) for values in listed] if written else listed
    frame = pd.DataFrame(dict(enumerate(typed)), columns=range(len(columns)), dtype=object).convert_dtypes()
    return frame.set_axis(list(columns), axis="columns")


_NUMBER = re.compile(r"[-+]?(?:0|[1-9]\d{0,14}|[1-9]\d{0,2}(?:,\d{3})+)(?:\.\d+)?(?:[eE][-+]?\d{1,2})?")


def _typed(values: list[Any]) -> list[Any]:
    known = [None if isinstance(value, str) and not value.strip() else value for value in values]
    written = [value.strip() for value in known if isinstance(value, str)]
    if not written or len(written) < len(known) - known.count(None) or not all(map(_NUMBER.fullmatch, written)):
        return known
    read = float if any("." in word or "e" in word.lower() for word in written) else int
    return [None if value is None else read(value.strip().replace(",", "")) for value in known]
