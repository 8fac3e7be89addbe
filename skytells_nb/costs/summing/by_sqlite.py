"""Groups of calls, summed up by SQLite: only sums and percentiles come to Python.

`sums` is one statement. Money is counted in whole millionths of a millionth of its unit; amounts that do not fit into
that, long or large ones, are added up as `Decimal`. `ranks` copies what it needs into a temporary table, in the order
of the keys and then of the seconds: a group is a range of row numbers, whose bounds are found by search, and a
percentile of its seconds is a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from ..arrays import amount
from ..store import Cursor, Result
from .grouping import FAILED, PERCENTILES, Group, Ranks, added, claimed, expression, rank, shortest

Key = tuple[Any, ...]

_PLACES = 12
_FITTING = f"""
    CASE WHEN length(cost) <= {_PLACES + 1} AND cost GLOB '[0-9]*' AND cost NOT GLOB '*[^0-9.]*'
    AND cost NOT GLOB '*.*.*' AND cost * 1e{_PLACES} < 1e{_PLACES + 2}
    THEN CAST(cost * 1e{_PLACES} + 0.5 AS INTEGER) END
"""
"""Exact: so short a number has no more places, and below 100 floats are a hundred times finer than the last of them."""
_TOKENS = ("prompt_tokens", "completion_tokens", "outputs")
_BITS = 20


def _halves(value: str, condition: str = "") -> str:
    """Add up the halves of whole numbers, since SQLite's sums have 64 bits."""
    halves = (f"{value} >> {_BITS}", f"{value} & {(1 << _BITS) - 1}")
    return ", ".join(f"sum(CASE WHEN {condition} THEN {half} END)" if condition else f"sum({half})" for half in halves)


_SUMS = f"""
    min(begun), count(*), sum(error), sum(seconds), count(took), count(ttft), count(cost), count(cost) - count(fitting),
    {", ".join(map(_halves, _TOKENS))}, {_halves("fitting")}, {_halves("fitting", "source = 1")},
    {_halves("fitting", "source = 2")}
"""
_SUCCEEDED = "CASE WHEN status = 'succeeded' THEN {} END"
_MEASURED = f"{_SUCCEEDED.format('seconds')} AS took, {_SUCCEEDED.format('ttft')} AS ttft"


def sums(cursor: Cursor, source: str, values: Sequence[Any], keys: Sequence[str]) -> dict[Key, Group]:
    """Sum up what `source`, SQL that gives columns of the record, holds, for each combination of the keys.

    The percentiles are still missing, but not of how many calls they are.
    """
    asked, names = _asked(keys)
    begun = "started_at" if "cell" in keys else "NULL"
    once = f"""
        SELECT {asked}, {begun} AS begun, status IN {FAILED} AS error, {", ".join(_TOKENS)}, seconds, {_MEASURED},
            cost, {_FITTING} AS fitting, CASE cost_source WHEN 'billed' THEN 1 WHEN 'priced' THEN 2 ELSE 0 END AS source
        FROM ({source}) LIMIT -1
    """  # noqa: S608 - our own names; the limit keeps SQLite from working expressions out for every use
    found = _all(cursor.execute(f"SELECT {names}, {_SUMS} FROM ({once}) GROUP BY {names}", values))  # noqa: S608
    groups: dict[Key, Group] = {}
    odd = 0
    for row in found:
        key = tuple(row[: len(keys)])
        groups[key], more = _group(key, row[len(keys) :])
        odd += more
    if odd:
        unfit = f"SELECT {names}, cost, source FROM ({once}) WHERE fitting IS NULL AND cost IS NOT NULL"  # noqa: S608
        for *key, cost, source_ in _all(cursor.execute(unfit, values)):
            _add(groups[tuple(key)], amount(cost), source_)
    for group in groups.values():
        known = group.unpriced < group.calls
        group.cost = shortest(group.cost) if known and group.cost is not None else None
        group.billed = shortest(group.billed) if known and group.billed is not None else None
        group.priced = shortest(group.priced) if known and group.priced is not None else None
    return groups
