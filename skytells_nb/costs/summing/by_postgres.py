"""Groups of calls, summed up by PostgreSQL, which has exact numbers and percentiles by nearest rank itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...api.record import FAILED
from ..store import Cursor
from .grouping import PERCENTILES, Group, Ranks, claimed, expression

_SHARES = ", ".join(f"0.{percent}" for percent in PERCENTILES)
_RANKED = """
    count({name}) FILTER (WHERE status = 'succeeded'),
    percentile_disc(ARRAY[{shares}]::float8[]) WITHIN GROUP (ORDER BY {name}) FILTER (WHERE status = 'succeeded')
"""
_SUMS = f"""
    min(started_at), min(currency), max(currency), count(*), count(*) FILTER (WHERE status IN {FAILED}),
    sum(prompt_tokens), sum(completion_tokens), sum(outputs), sum(seconds), count(cost), coalesce(sum(cost), 0),
    coalesce(sum(cost) FILTER (WHERE cost_source = 'billed'), 0),
    coalesce(sum(cost) FILTER (WHERE cost_source = 'priced'), 0),
    {_RANKED.format(name="seconds", shares=_SHARES)}, {_RANKED.format(name="ttft", shares=_SHARES)}
"""


def sums(cursor: Cursor, source: str, values: Sequence[Any], keys: Sequence[str]) -> list[Group]:
    """Sum up what `source`, SQL that gives columns of the record, holds; one group for each combination of the keys."""
    asked = ", ".join(expression(key, "postgresql") for key in keys)
    places = ", ".join(str(number) for number in range(1, len(keys) + 1))
    sql = f"SELECT {asked}, {_SUMS} FROM ({source}) AS chosen GROUP BY {places}"  # noqa: S608 - our own names
    return [_group(tuple(row[: len(keys)]), row[len(keys) :]) for row in cursor.execute(sql, values).fetchall()]


def _group(keys: tuple[Any, ...], sums: Sequence[Any]) -> Group:
    begun, least, most, calls, errors, prompt, completion, outputs, seconds, known, cost, billed, priced, *ranks = sums
    return Group(
        keys=keys,
        begun=begun,
        currencies={least, most},
        calls=calls,
        errors=errors,
        prompt_tokens=None if prompt is None else int(prompt),
        completion_tokens=None if completion is None else int(completion),
        outputs=None if outputs is None else int(outputs),
        seconds=seconds,
        known=known,
        cost=cost,
        billed=billed,
        priced=priced,
        ranks={"seconds": _ranks(*ranks[:2]), "ttft": _ranks(*ranks[2:])},
    )


def _ranks(count: int, found: Sequence[float] | None) -> Ranks:
    values = dict(zip(PERCENTILES, found or (), strict=bool(found)))
    return count, {percent: values[percent] for percent in claimed(count)}
