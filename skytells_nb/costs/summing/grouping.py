"""What the record can be summed up by, and what is known of a group of calls.

A key is a column, or the UTC day, month or hour in which a call began. Text that is missing is "" as a key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from ...api.prices.amounts import EXACT
from ...errors import InputError, UnknownNameError, plain
from ..columns import COLUMNS

Dialect = Literal["sqlite", "postgresql"]

PERCENTILES = {50: 5, 90: 10, 95: 20, 99: 100}
"""Each percentile that is told, and from how many calls on: 1 / (1 - p), and at least 5."""
_PLAIN = (
    *("model", "model_used", "api", "endpoint", "tag", "status", "error_id", "cost_source", "currency"),
    *("notebook", "session", "cell", "execution_count", "sandbox", "stream"),
)
_LENGTHS = {"month": 7, "day": 10, "hour": 13}
"""How much of a moment, as ISO 8601 writes it, names the time."""
GROUPINGS = (*_PLAIN, *_LENGTHS)


Ranks = tuple[int, dict[int, float]]
"""Of how many calls, and the percentiles that so many allow."""


@dataclass(slots=True)
class Group:
    """Sums over the calls of one group; None where nothing is known of any. The cost of `known` of them is.

    `currencies` are the first and the last by the alphabet: where there are several, the amounts mean nothing.
    `ranks` are those of "seconds" and "ttft", over the calls that succeeded.
    """

    keys: tuple[Any, ...]
    begun: Any
    currencies: set[str]
    calls: int
    errors: int
    prompt_tokens: int | None
    completion_tokens: int | None
    outputs: int | None
    seconds: float | None
    known: int
    cost: Decimal
    billed: Decimal
    priced: Decimal
    ranks: dict[str, Ranks]


def keys_of(by: str | Sequence[str]) -> list[str]:
    """Read what to sum up by; raises `InputError` for nothing, `UnknownNameError` for what is no grouping."""
    keys = [by] if isinstance(by, str) else list(by) if isinstance(by, Iterable) else []
    if not keys:
        raise InputError("Nothing to sum up by.", f"Name one of {', '.join(GROUPINGS)}.")
    for key in keys:
        if not isinstance(key, str) or key not in GROUPINGS:
            raise UnknownNameError.of("grouping", plain(key, 40), GROUPINGS)
        if keys.count(key) > 1:
            raise InputError(f"{key!r} is named twice.", "Name each grouping once.")
    return keys


def kind_of(key: str) -> Literal["text", "count", "flag"]:
    """Say whether the values of a key are text, whole numbers or flags."""
    kind = COLUMNS.get(key, "text")
    return kind if kind in ("count", "flag") else "text"


def expression(key: str, dialect: Dialect) -> str:
    """Write a key in SQL."""
    if key not in _LENGTHS:
        return f"coalesce({key}, '')" if kind_of(key) == "text" else key
    started = "started_at" if dialect == "sqlite" else _AS_TEXT
    return f"substr({started}, 1, {_LENGTHS[key]})"


_AS_TEXT = """to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24')"""


def claimed(count: int) -> list[int]:
    """Name the percentiles that so many values allow to tell."""
    return [percent for percent, least in PERCENTILES.items() if count >= least]


def rank(percent: int, count: int) -> int:
    """Give the nearest rank of a percentile: the first of `count` sorted values that this share does not pass."""
    return -(-percent * count // 100)


def shortest(found: Decimal) -> Decimal:
    """Leave out the zeros that say nothing after the point."""
    short = EXACT.normalize(found)
    exponent = short.as_tuple().exponent
    return EXACT.quantize(short, Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short
