"""Rows -> DataFrames: one row a call, the same columns and dtypes always, also when there is none.

Money is exact (`Decimal` in an object column, missing where it is not known, never 0); counts and seconds are nullable;
moments are aware UTC. Calls of the sandbox are marked and never mixed with live ones unless asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pandas as pd

from .. import settings
from ..api.values import Embeddings
from ..errors import InputError, UnknownNameError
from .ledger import Ledger, default_ledger

DTYPES: dict[str, str] = {
    "id": "string",
    "session": "string",
    "started_at": "datetime64[us, UTC]",
    "finished_at": "datetime64[us, UTC]",
    "tag": "string",
    "cell": "string",
    "execution_count": "Int64",
    "api": "string",
    "endpoint": "string",
    "model": "string",
    "model_used": "string",
    "stream": "boolean",
    "sandbox": "boolean",
    "status": "string",
    "error_id": "string",
    "http_status": "Int64",
    "request_id": "string",
    "remote_id": "string",
    "attempts": "Int64",
    "waited": "Float64",
    "seconds": "Float64",
    "ttft": "Float64",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "total_tokens": "Int64",
    "reasoning_tokens": "Int64",
    "cached_tokens": "Int64",
    "predict_time": "Float64",
    "total_time": "Float64",
    "outputs": "Int64",
    "quoted": "object",
    "cost": "object",
    "cost_source": "string",
    "cost_reason": "string",
    "currency": "string",
    "fingerprint": "string",
    "usage": "string",
}
"""The columns of `usage()`, in order, with their dtypes."""

_MONEY = ("quoted", "cost")
Live = Literal["all"] | bool | None
_SPAN = re.compile(r"(\d+)\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def usage(
    *,
    last: str | None = None,
    model: str | None = None,
    tag: str | None = None,
    live: Live = None,
    ledger: Ledger | None = None,
) -> pd.DataFrame:
    """Load the record as a DataFrame, one row a call, oldest first, with the columns and dtypes of `DTYPES`.

    `last` is a span such as "30m", "12h", "7d" or "2w"; `model` and `tag` must be equal. `live` is True for calls of
    the service, False for those of the sandbox, "all" for both; by default those of where this session is now.
    Raises `InputError` for a span or a `live` that cannot be read.
    """
    if live not in (True, False, None, "all"):
        raise InputError(f"live={live!r} is not one of True, False and 'all'.", "Leave it out for this session's own.")
    rows = (ledger or default_ledger()).rows()
    frame = _frame(rows)
    if last is not None:
        frame = frame[frame["started_at"] >= pd.Timestamp(datetime.now(UTC) - span(last))]
    if model is not None:
        frame = frame[frame["model"] == model]
    if tag is not None:
        frame = frame[frame["tag"] == tag]
    if live != "all":
        frame = frame[frame["sandbox"] == (settings.in_sandbox() if live is None else not live)]
    return frame.reset_index(drop=True)


def _frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns: dict[str, pd.Series[Any]] = {}
    for name, dtype in DTYPES.items():
        values = [row[name] for row in rows]
        if name in _MONEY:
            columns[name] = pd.Series([None if v is None else Decimal(v) for v in values], dtype="object")
        elif dtype.startswith("datetime"):
            columns[name] = pd.to_datetime(pd.Series(values, dtype="object"), utc=True, format="ISO8601").dt.as_unit(
                "us"
            )
        elif dtype == "boolean":
            columns[name] = pd.Series([None if v is None else bool(v) for v in values], dtype="boolean")
        else:
            columns[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def span(text: str) -> timedelta:
    """Read a span such as "30m", "12h", "7d" or "2w"."""
    found = _SPAN.fullmatch(text.strip().lower())
    if not found or len(found[1]) > 5:
        raise InputError(f"{text!r} is not a span of time.", "Use a number and m, h, d or w, such as 7d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


_KEYS: dict[str, Any] = {
    "model": lambda frame: frame["model"],
    "api": lambda frame: frame["api"],
    "tag": lambda frame: frame["tag"].fillna(""),
    "status": lambda frame: frame["status"],
    "day": lambda frame: frame["started_at"].dt.strftime("%Y-%m-%d").astype("string"),
    "cell": lambda frame: frame["cell"].fillna(""),
}


def summary(by: str | Sequence[str] = "model", **chosen: Any) -> pd.DataFrame:
    """Sum the record up, one row for each `by` ("model", "api", "tag", "status", "day" or "cell", or several).

    Columns: calls, errors, tokens in and out, outputs, the median and total of seconds, the cost in exact money, and
    `unpriced`, the number of calls whose cost is not known; a figure of which nothing is known is missing. Where calls
    were charged in several currencies, there is a row for each. Other arguments choose the rows, as for `usage`.
    """
    keys = [by] if isinstance(by, str) else list(by)
    if not keys:
        raise InputError("Nothing to sum up by.", f"Name one of {', '.join(_KEYS)}.")
    for key in keys:
        if key not in _KEYS:
            raise UnknownNameError.of("grouping", key, _KEYS)
    frame = usage(**chosen)
    groups = [_KEYS[key](frame).rename(key) for key in keys]
    if frame["currency"].nunique() > 1:
        groups.append(frame["currency"])
    grouped = frame.groupby(groups, sort=True)
    counted = {name: grouped[name].sum(min_count=1).astype("Int64") for name in _COUNTED}
    return pd.DataFrame(
        {
            "calls": grouped.size().astype("Int64"),
            "errors": grouped["status"].agg(lambda s: int(s.isin(["failed", "refused"]).sum())).astype("Int64"),
            **counted,
            "median_seconds": grouped["seconds"].median().astype("Float64"),
            "seconds": grouped["seconds"].sum(min_count=1).astype("Float64"),
            "cost": grouped["cost"].agg(_total).astype("object"),
            "unpriced": grouped["cost"].agg(lambda s: int(s.isna().sum())).astype("Int64"),
        }
    )


_COUNTED = ("prompt_tokens", "completion_tokens", "outputs")


def _total(costs: pd.Series[Any]) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known else None


def vectors_frame(embeddings: Embeddings) -> pd.DataFrame:
    """Make a DataFrame of vectors: a row for each text, which is its index; a float32 column for each dimension."""
    return pd.DataFrame(embeddings.to_numpy(), index=pd.Index(embeddings.texts, name="text", dtype="object"))
