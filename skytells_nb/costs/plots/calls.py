"""Frame -> what pictures are made of: plain arrays of the calls that are drawn, and words about the others."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ...api.prices.amounts import dollars, exact
from ...api.reading import money
from ...errors import InputError, plain
from ..totals import number

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.intp]
Amounts = npt.NDArray[np.object_]
"""Exact amounts of money; None where nobody knows."""

ALWAYS = ("model", "sandbox", "started_at")
_MOST = Decimal("1e12")
_NOTHING = Decimal(0)
_CENTURY = (np.datetime64("2000-01-01", "us"), np.datetime64("2100-01-01", "us"))
"""When a clock may be right; one that is not would stretch the time for all."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The calls of one model, by their places, and how much they count."""

    model: str
    rows: Codes
    weight: Any


@dataclass(frozen=True, slots=True, eq=False)
class Calls:
    """The calls of one picture, all live or all of the sandbox; `left_out` tells in words of those that are not in it.

    `codes` gives each call's place in `models`.
    """

    frame: pd.DataFrame
    models: tuple[str, ...]
    codes: Codes
    sandbox: bool
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.codes)

    def only(self, kept: Flags, why: str) -> Calls:
        """Keep some calls; `why` says what the others are, after their number."""
        lost = len(kept) - int(kept.sum())
        if not lost:
            return self
        words = (*self.left_out, f"{counted(lost)} {why} {'is' if lost == 1 else 'are'} not in it")
        return Calls(self.frame[kept], self.models, self.codes[kept], self.sandbox, words)

    def numbers(self, column: str) -> Reals:
        """Give a column as floats; NaN for what is missing, negative, endless or absurd."""
        values = pd.to_numeric(self.frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=math.nan)
        return np.where((values >= 0) & (values <= float(_MOST)), values, math.nan)

    def is_in(self, column: str, words: Iterable[str]) -> Flags:
        """Say which calls have one of the words there."""
        return self.frame[column].isin(list(words)).to_numpy(dtype=np.bool_)

    def amounts(self, column: str) -> Amounts:
        """Give a column of money as exact amounts; None where nobody knows."""
        return np.array([*map(_amount, self.frame[column].tolist()), None], dtype=object)[:-1]

    def moments(self) -> npt.NDArray[np.datetime64]:
        """Give when the calls began, in UTC to the microsecond; NaT where that is not known, or not of this century."""
        began = pd.to_datetime(self.frame["started_at"], utc=True, errors="coerce", **_how(self.frame["started_at"]))
        found = began.dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        return np.where((found >= _CENTURY[0]) & (found < _CENTURY[1]), found, np.datetime64("NaT", "us"))

    def title(self, what: str, *facts: str, doubts: str = "") -> str:
        """Write the title: what is shown, of how many calls of when, live or not, and what is not in it."""
        began = self.moments()
        began = began[~np.isnat(began)]
        when = [_span(began.min().item(), began.max().item())] if len(began) else []
        where = " in the sandbox (nothing was billed)" if self.sandbox else ""
        parts = [*facts, f"{counted(len(self))}{where}{doubts}", *when, *self.left_out]
        return f"{what}\n{'; '.join(parts)}"

    def by_model(self, weigh: Callable[[Codes], Any] = len) -> list[Group]:
        """Part the calls by model, heaviest first; by default, those are the models with most calls."""
        order = np.argsort(self.codes, kind="stable")
        codes, begins = np.unique(self.codes[order], return_index=True)
        parts = np.split(order, begins[1:]) if len(order) else []
        groups = [Group(self.models[code], rows, weigh(rows)) for code, rows in zip(codes, parts, strict=True)]
        return sorted(groups, key=lambda group: (group.weight, len(group.rows)), reverse=True)


def chosen(frame: object, *columns: str) -> Calls:
    """Read a frame; raises `InputError` where it is none, or lacks columns. Live calls come before the sandbox's."""
    if not isinstance(frame, pd.DataFrame):
        raise InputError(f"{plain(type(frame).__name__, 40)} is no DataFrame.", "Give what sky.usage() returns.")
    wanted = (*ALWAYS, *columns)
    for trouble, names in (
        ("lacks", [name for name in wanted if name not in frame.columns]),
        ("has twice", [name for name in wanted if list(frame.columns).count(name) > 1]),
    ):
        if names:
            raise InputError(f"The frame {trouble}: {', '.join(names)}.", "Give what sky.usage() returns.")
    kept = frame.loc[:, list(dict.fromkeys(wanted))]
    codes, found = pd.factorize(kept["model"].astype(object))
    models = tuple(str(name) for name in found)
    if (codes < 0).any():
        codes, models = np.where(codes < 0, len(models), codes), (*models, "")
    in_sandbox = _flags(kept["sandbox"])
    calls = Calls(kept, models, codes, sandbox=bool(in_sandbox.all()) and len(codes) > 0)
    return calls if calls.sandbox else calls.only(~in_sandbox, "of the sandbox")


def in_one_currency(calls: Calls) -> tuple[Calls, Amounts, str]:
    """Keep the calls of the currency that most have, and those of unknown cost. Gives them, their costs, and it."""
    costs = calls.amounts("cost")
    currencies = calls.frame["currency"].astype(object).where(calls.frame["currency"].notna(), "USD").astype(str)
    known = are_known(costs)
    met = currencies[known].value_counts()
    if met.empty:
        return calls, costs, "USD"
    currency = str(min(met.index, key=lambda name: (-met[name], name != "USD", name)))
    kept = ~known | (currencies == currency).to_numpy(dtype=np.bool_)
    word = "".join(filter(str.isalnum, plain(currency, 12))) or "?"
    return calls.only(kept, "in other currencies"), costs[kept], word


def are_known(amounts: Amounts) -> Flags:
    """Say which amounts are known."""
    return np.array([amount is not None for amount in amounts.tolist()], dtype=np.bool_)


def sums(codes: Codes, weights: Reals, size: int) -> Reals:
    """Add the weights up by code; 0 where there is none."""
    return np.bincount(codes, weights, minlength=size).astype(np.float64)


@exact
def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """Add what is known up, exactly."""
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def in_words(amount: Decimal, currency: str) -> str:
    """Write an amount with its currency behind it: a dollar sign would begin a formula for matplotlib."""
    return f"{dollars(amount, '').strip()} {currency}"


def counted(calls: int) -> str:
    """Write a number of calls."""
    return number(calls, "call")


def _amount(value: Any) -> Decimal | None:
    if type(value) is Decimal:
        return value if value.is_finite() and _NOTHING <= value <= _MOST else None
    return money(value.item() if isinstance(value, np.generic) else value)


def _flags(column: pd.Series[Any]) -> Flags:
    if pd.api.types.is_bool_dtype(column.dtype):
        return column.fillna(value=False).to_numpy(dtype=np.bool_)
    return column.astype(str).str.lower().isin(["true", "1", "1.0"]).to_numpy(dtype=np.bool_)  # as text files have it


def _how(began: pd.Series[Any]) -> dict[str, Any]:
    return {} if pd.api.types.is_datetime64_any_dtype(began) else {"format": "ISO8601"}


def _span(first: Any, last: Any) -> str:
    begin, end = first.isoformat(" "), last.isoformat(" ")
    if begin[:10] != end[:10]:
        return f"{begin[:10]} to {end[:10]} UTC"
    return f"{begin[:16]} UTC" if begin[:16] == end[:16] else f"{begin[:16]} to {end[11:16]} UTC"
