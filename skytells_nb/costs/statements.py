"""The statements that write a row: what a later one may change of it, and what stands.

A row that has ended keeps its end; what is said of it later adds only what was missing. What a call cost is written as
one, amount, source and price together, and only where it is known at least as well as what stands: `billed` beats
`priced` beats `unknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from .rows import BEGUN, Row

_CHARGE = ("cost", "cost_source", "cost_reason", "currency", "price", "credits")
_MAY_REPLACE = {
    "billed": "",
    "priced": "cost_source <> 'billed'",
    "unknown": "cost_source = 'unknown'",
}
_ENDED = {"succeeded": ("succeeded", "canceled", "refused")}
_ENDED["canceled"] = _ENDED["succeeded"]
_ALL_ENDED = (*_ENDED["succeeded"], "failed")
"""A job that failed for us, since its server could not be asked, may have succeeded all the same."""

Statement = tuple[str, list[Any]]


def insertion(table: str, row: Row) -> Statement:
    """Insert a row; one with its id changes nothing."""
    return _insert(table, tuple(row)), [*row.values()]


def completion(table: str, row: Row, name: str, *, leaving: frozenset[str] = frozenset()) -> Statement:
    """Say of the row `name`, which has not ended, what is known now; but for the columns that are left."""
    told = _told(row, leaving)
    if row["status"] == "succeeded":
        told["error_id"] = None
    sql = _update(table, tuple(told), row["cost_source"], "{0} = ?", _ENDED.get(row["status"], _ALL_ENDED))
    return sql, [*told.values(), *_charged(row), name]


def addition(table: str, row: Row, name: str, *, leaving: frozenset[str] = frozenset()) -> Statement:
    """Say of the row `name`, which may have ended, what was not known of it."""
    told = _told(row, leaving | {"status", "error_id"})
    sql = _update(table, tuple(told), row["cost_source"], "{0} = COALESCE({0}, ?)", ())
    return sql, [*told.values(), *_charged(row), name]


def _told(row: Row, leaving: frozenset[str]) -> Row:
    return {
        name: value for name, value in row.items() if name not in BEGUN and name not in _CHARGE and name not in leaving
    }


def _charged(row: Row) -> list[Any]:
    return [row.get(name) for name in _CHARGE]


@lru_cache(512)
def _insert(table: str, names: tuple[str, ...]) -> str:
    values = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - our own names


@lru_cache(512)
def _update(table: str, names: Sequence[str], source: str, how: str, ended: Sequence[str]) -> str:
    may = _MAY_REPLACE[source]
    charge = f"{{0}} = CASE WHEN {may} THEN ? ELSE {{0}} END" if may else "{0} = ?"
    changes = [*(how.format(name) for name in names), *(charge.format(name) for name in _CHARGE)]
    known = f" AND status NOT IN ({', '.join(map(repr, ended))})" if ended else ""
    return f"UPDATE {table} SET {', '.join(changes)} WHERE id = ?{known}"  # noqa: S608 - our own names
