"""The record summed up: one row for each model, day, tag, cell …, of exact money and percentiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Any

import pandas as pd

from . import here as place
from .arrays import array_of
from .choice import Live, Moment, choose
from .columns import Kind
from .ledger import Ledger, given_or_default
from .summing.grouping import PERCENTILES, Group, keys_of, kind_of, shortest
from .summing.groups import groups_of


def summary(
    by: str | Sequence[str] = "model",
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
    """Sum the record up: a row for each `by`, or for each combination of several, which are its index.

    `by` is "model", "model_used", "api", "endpoint", "tag", "status", "error_id", "cost_source", "currency",
    "notebook", "session", "cell" (in the order in which they were first run), "execution_count", "sandbox", "stream",
    or the UTC "hour", "day" or "month" in which calls began. The other arguments choose rows, as for `usage`.

    `calls` counts all, `errors` those that failed or were refused. `cost` is what is known, exactly; `billed` and
    `priced` say of how much of it each is so, and `unpriced` how many calls have no known cost. Tokens, outputs and
    `seconds` are totals. Percentiles are of calls that succeeded; `seconds_n` and `ttft_n` say of how many. They are by
    nearest rank (a value that was measured), and missing where there are too few: p50 takes 5, p90 10, p95 20, p99 100.
    A figure of which nothing is known is missing, never 0. Where calls were charged in other currencies than USD,
    "currency" becomes one of the keys. Raises `InputError` for what cannot be read so.
    """
    keys = keys_of(by)
    record = given_or_default(ledger)
    chosen = choose(
        since=since, until=until, last=last, model=model, tag=tag, live=live, here=here, notebook=place.notebook()
    )
    found = groups_of(record, chosen, keys)
    if "currency" not in keys and any(group.currencies != {"USD"} for group in found):
        keys = [*keys, "currency"]
        found = groups_of(record, chosen, keys)
    found = _sorted(keys, found)
    columns = {name: array_of(kind, [value(group) for group in found]) for name, (kind, value) in _COLUMNS.items()}
    return pd.DataFrame(columns, index=_index(keys, found))


def _sorted(keys: Sequence[str], groups: Sequence[Group]) -> list[Group]:
    """Sort by the keys, what is missing first; cells by when they were first run."""
    at = keys.index("cell") if "cell" in keys else None
    first: dict[Any, Any] = {}
    if at is not None:
        for group in sorted(groups, key=lambda group: group.begun):
            first.setdefault(group.keys[at], len(first))

    def order(group: Group) -> list[tuple[Any, ...]]:
        named = zip(keys, group.keys, strict=True)
        return [(first[key],) if name == "cell" else () if key is None else (key,) for name, key in named]

    return sorted(groups, key=order)


def _count(name: str) -> Callable[[Group], int]:
    return lambda group: group.ranks[name][0]


def _rank(name: str, percent: int) -> Callable[[Group], float | None]:
    return lambda group: group.ranks[name][1].get(percent)


def _amount(name: str) -> Callable[[Group], Decimal | None]:
    return lambda group: shortest(getattr(group, name)) if group.known else None


_COLUMNS: dict[str, tuple[Kind, Callable[[Group], Any]]] = {
    "calls": ("count", attrgetter("calls")),
    "errors": ("count", attrgetter("errors")),
    "cost": ("money", _amount("cost")),
    "billed": ("money", _amount("billed")),
    "priced": ("money", _amount("priced")),
    "unpriced": ("count", lambda group: group.calls - group.known),
    "prompt_tokens": ("count", attrgetter("prompt_tokens")),
    "completion_tokens": ("count", attrgetter("completion_tokens")),
    "outputs": ("count", attrgetter("outputs")),
    "seconds": ("real", attrgetter("seconds")),
    "seconds_n": ("count", _count("seconds")),
    **{f"seconds_p{percent}": ("real", _rank("seconds", percent)) for percent in PERCENTILES},
    "ttft_n": ("count", _count("ttft")),
    **{f"ttft_p{percent}": ("real", _rank("ttft", percent)) for percent in PERCENTILES},
}
"""The columns of `summary()`, in order."""


def _index(keys: Sequence[str], groups: Sequence[Group]) -> Any:
    arrays = [array_of(kind_of(key), [group.keys[at] for group in groups]) for at, key in enumerate(keys)]
    return pd.Index(arrays[0], name=keys[0]) if len(keys) == 1 else pd.MultiIndex.from_arrays(arrays, names=[*keys])
