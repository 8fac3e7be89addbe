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

from ...api.prices.amounts import EXACT
from ...api.record import FAILED
from ..cells import amount
from ..store import Cursor, Result
from .grouping import PERCENTILES, Group, Ranks, claimed, expression, rank

Key = tuple[Any, ...]
Found = dict[Key, dict[str, Ranks]]

_PLACES = 12
_FITTING = f"""
    CASE WHEN length(cost) <= {_PLACES + 1} AND cost BETWEEN '0' AND ':'
    AND instr(cost, 'E') = 0 AND instr(cost, 'e') = 0
    AND cost * 1e{_PLACES} < 1e{_PLACES + 2} THEN CAST(cost * 1e{_PLACES} + 0.5 AS INTEGER) END
"""
"""Exact: so short a number has no more places, and below 100 floats are a hundred times finer than the last of them."""
_TOKENS = ("prompt_tokens", "completion_tokens", "outputs")
_BITS = 20
_WHOLE = len(_TOKENS) + 3


def _sums(*, large: bool) -> str:
    """Write the sums; `large` takes those of whole numbers in halves, since SQLite's sums have 64 bits."""

    def parts(value: str) -> list[str]:
        return [f"{value} >> {_BITS}", f"{value} & {(1 << _BITS) - 1}"] if large else [value]

    whole = [f"sum({part})" for name in (*_TOKENS, "fitting") for part in parts(name)]
    whole += [f"sum(CASE WHEN source = {source} THEN {part} END)" for source in (1, 2) for part in parts("fitting")]
    return f"""
        min(begun), min(currency), max(currency), count(*), sum(error), sum(seconds), count(took), count(ttft),
        count(cost), count(cost) - count(fitting), {", ".join(whole)}
    """


_SUCCEEDED = "CASE WHEN status = 'succeeded' THEN {} END"
_MEASURED = f"{_SUCCEEDED.format('seconds')} AS took, {_SUCCEEDED.format('ttft')} AS ttft"


def sums(
    cursor: Cursor, source: str, values: Sequence[Any], keys: Sequence[str], *, large: bool = False
) -> dict[Key, Group]:
    """Sum up what `source`, SQL that gives columns of the record, holds, for each combination of the keys.

    The percentiles are still missing, but not of how many calls they are. SQLite raises an error where a sum has over
    64 bits, unless they are taken to be `large`.
    """
    asked, names = _asked(keys)
    begun = "started_at" if "cell" in keys else "NULL"
    once = f"""
        SELECT {asked}, {begun} AS begun, currency, status IN {FAILED} AS error, {", ".join(_TOKENS)},
            seconds, {_MEASURED}, cost, {_FITTING} AS fitting,
            CASE cost_source WHEN 'billed' THEN 1 WHEN 'priced' THEN 2 ELSE 0 END AS source
        FROM ({source}) LIMIT -1
    """  # noqa: S608 - our own names; the limit keeps SQLite from working expressions out for every use
    found = _all(cursor.execute(f"SELECT {names}, {_sums(large=large)} FROM ({once}) GROUP BY {names}", values))  # noqa: S608
    groups: dict[Key, Group] = {}
    odd = 0
    for row in found:
        key = tuple(row[: len(keys)])
        groups[key], more = _group(key, row[len(keys) :])
        odd += more
    if odd:
        unfit = f"SELECT {names}, cost, source FROM ({once}) WHERE fitting IS NULL AND cost IS NOT NULL"  # noqa: S608
        for *each, cost, known_by in _all(cursor.execute(unfit, values)):
            _add(groups[tuple(each)], amount(cost), known_by)
    return groups


def _asked(keys: Sequence[str]) -> tuple[str, str]:
    """Write the keys as columns of a query, and the names of those columns."""
    names = [f"key{number}" for number in range(len(keys))]
    asked = [f"{expression(key, 'sqlite')} AS {name}" for key, name in zip(keys, names, strict=True)]
    return ", ".join(asked), ", ".join(names)


def _group(key: Key, sums: Sequence[Any]) -> tuple[Group, int]:
    """Read what was summed up; says also how many amounts were not."""
    begun, least, most, calls, errors, seconds, took, ttft, known, odd, *whole = sums
    if len(whole) > _WHOLE:
        whole = [None if high is None else (high << _BITS) + low for high, low in zip(*[iter(whole)] * 2, strict=True)]
    prompt, completion, outputs, cost, billed, priced = whole
    group = Group(
        keys=key,
        begun=begun,
        currencies={least, most},
        calls=calls,
        errors=errors,
        prompt_tokens=prompt,
        completion_tokens=completion,
        outputs=outputs,
        seconds=seconds,
        known=known,
        cost=_money(cost),
        billed=_money(billed),
        priced=_money(priced),
        ranks={"seconds": (took, {}), "ttft": (ttft, {})},
    )
    return group, odd


def _add(group: Group, found: Decimal | None, known_by: int) -> None:
    """Count an amount that SQLite left; one that is none after all is not known."""
    if found is None:
        group.known -= 1
        return
    group.cost = EXACT.add(group.cost, found)
    if known_by == 1:
        group.billed = EXACT.add(group.billed, found)
    elif known_by == 2:
        group.priced = EXACT.add(group.priced, found)


def _money(fitting: int | None) -> Decimal:
    return Decimal(f"{fitting or 0}E-{_PLACES}")


_TABLE = "temp.skytells_ranked"
_TOOK = f"SELECT took FROM {_TABLE} WHERE rowid = ?"  # noqa: S608 - our own names
_TTFT = f"""
    SELECT value FROM (
        SELECT ttft AS value, row_number() OVER (ORDER BY ttft) AS place
        FROM {_TABLE} WHERE rowid BETWEEN ? AND ? AND ttft IS NOT NULL
    ) WHERE place IN ({", ".join("?" * len(PERCENTILES))}) ORDER BY place
"""  # noqa: S608
_COUNTS = f"SELECT count(took), count(ttft) FROM {_TABLE} WHERE rowid BETWEEN ? AND ?"  # noqa: S608


def ranks(cursor: Cursor, source: str, values: Sequence[Any], keys: Sequence[str]) -> Found:
    """Find the percentiles of seconds and ttft, for each combination of the keys of which any is known."""
    asked, names = _asked(keys)
    cursor.execute("DROP TABLE IF EXISTS temp.skytells_ranked")
    copied = f"SELECT {asked}, {_MEASURED} FROM ({source}) WHERE status = 'succeeded' ORDER BY {names}, took"  # noqa: S608
    cursor.execute(f"CREATE TEMP TABLE skytells_ranked AS {copied}", values)
    found: Found = {}
    for first, last, key in _bounds(cursor, names):
        took, ttft = cursor.execute(_COUNTS, (first, last)).fetchone()
        places = {percent: last - took + rank(percent, took) for percent in claimed(took)}
        seconds = {percent: cursor.execute(_TOOK, (place,)).fetchone()[0] for percent, place in places.items()}
        firsts = {}
        if percents := claimed(ttft):
            asked_for = [rank(percent, ttft) for percent in percents] + [0] * (len(PERCENTILES) - len(percents))
            sorted_ = cursor.execute(_TTFT, (first, last, *asked_for)).fetchall()
            firsts = {percent: value for percent, (value,) in zip(percents, sorted_, strict=True)}
        found[key] = {"seconds": (took, seconds), "ttft": (ttft, firsts)}
    return found


def _bounds(cursor: Cursor, names: str) -> Iterator[tuple[int, int, Key]]:
    """Give the first and last row of each group, and its keys."""
    end = cursor.execute(f"SELECT max(rowid) FROM {_TABLE}").fetchone()[0] or 0  # noqa: S608
    at = f"SELECT {names} FROM {_TABLE} WHERE rowid = ?"  # noqa: S608
    first = 1
    while first <= end:
        key = tuple(cursor.execute(at, (first,)).fetchone())
        inside, step = first, 1  # first by leaps that double, then by halves
        while inside + step <= end and tuple(cursor.execute(at, (inside + step,)).fetchone()) == key:
            inside, step = inside + step, step * 2
        beyond = min(inside + step, end + 1)
        while beyond - inside > 1:
            middle = (inside + beyond) // 2
            if tuple(cursor.execute(at, (middle,)).fetchone()) == key:
                inside = middle
            else:
                beyond = middle
        yield first, inside, key
        first = beyond


def _all(result: Result) -> Iterator[Any]:
    while chunk := result.fetchmany(10_000):
        yield from chunk
