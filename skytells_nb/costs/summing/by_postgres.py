"""Groups of calls, summed up by PostgreSQL, which has exact numbers and percentiles by nearest rank itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..store import Cursor
from .grouping import FAILED, PERCENTILES, Group, expression, shortest

_SHARES = ", ".join(f"0.{percent}" for percent in PERCENTILES)
_RANKED = """
    count({name}) FILTER (WHERE status = 'succeeded'),
    percentile_disc(ARRAY[{shares}]::float8[]) WITHIN GROUP (ORDER BY {name}) FILTER (WHERE status = 'succeeded')
"""
_SUMS = f"""
    min(started_at), count(*), count(*) FILTER (WHERE status IN {FAILED}),
    sum(prompt_tokens), sum(completion_tokens), sum(outputs), sum(seconds), count(cost), sum(cost),
    coalesce(sum(cost) FILTER (WHERE cost_source = 'billed'), 0),
    coalesce(sum(cost) FILTER (WHERE cost_source = 'priced'), 0),
    {_RANKED.format(name="seconds", shares=_SHARES)}, {_RANKED.format(name="ttft", shares=_SHARES)}
"""


def groups(cursor: Cursor, source: str, values: Sequence[Any], keys: Sequence[str]) -> Iterator[Group]:
    """Sum up what `source`, SQL that gives columns of the record, holds; one group for each combination of the keys."""
    asked = ", ".join(expression(key, "postgresql") for key in keys)
    places = ", ".join(str(number) for number in range(1, len(keys) + 1))
    sql = f"SELECT {asked}, {_SUMS} FROM ({source}) AS chosen GROUP BY {places}"  # noqa: S608 - our own names
    result = cursor.execute(sql, values)
    while chunk := result.fetchmany(10_000):
        for row in chunk:
            yield _group(tuple(row[: len(keys)]), row[len(keys) :])


def _group(keys: tuple[Any, ...], sums: Sequence[Any]) -> Group:
    begun, calls, errors, prompt, completion, outputs, seconds, costs, *amounts = sums[:11]
    cost, billed, priced = (shortest(each) if costs else None for each in amounts)
    took, firsts = sums[11:13], sums[13:]
    return Group(
        keys=keys,
        begun=begun,
        calls=calls,
        errors=errors,
        prompt_tokens=None if prompt is None else int(prompt),
        completion_tokens=None if completion is None else int(completion),
        outputs=None if outputs is None else int(outputs),
        seconds=seconds,
        cost=cost,
        billed=billed,
        priced=priced,
        unpriced=calls - costs,
        ranked={"seconds": _ranked(*took), "ttft": _ranked(*firsts)},
    )


def _ranked(count: int, found: Sequence[float] | None) -> tuple[int, dict[int, float]]:
    claimed = zip(PERCENTILES.items(), found or (), strict=bool(found))
    return count, {percent: value for (percent, least), value in claimed if count >= least}
