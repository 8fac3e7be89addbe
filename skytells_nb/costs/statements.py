"""The statements that write a row, and what is said of it later by the rules of `precedence`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..api.record import CostSource
from .precedence import CHARGE, WORTH, ended
from .rows import BEGUN, Row

Statement = tuple[str, list[Any]]


def insertion(table: str, row: Row) -> Statement:
    """Insert a row; one with its id changes nothing."""
    return _insert(table, tuple(row)), [*row.values()]


def completion(table: str, row: Row, name: str, *, leaving: frozenset[str] = frozenset()) -> Statement:
    """Say of the row `name`, which has not ended, what is known now; but for the columns that are left."""
    told = _told(row, leaving)
    if row["status"] == "succeeded":
        told["error_id"] = None
    sql = _update(table, tuple(told), row["cost_source"], "{0} = ?", ended(row["status"]))
    return sql, [*told.values(), *_charged(row), name]


def addition(table: str, row: Row, name: str, *, leaving: frozenset[str] = frozenset()) -> Statement:
    """Say of the row `name`, which may have ended, what was not known of it."""
    told = _told(row, leaving | {"status", "error_id"})
    sql = _update(table, tuple(told), row["cost_source"], "{0} = COALESCE({0}, ?)", ())
    return sql, [*told.values(), *_charged(row), name]


def _told(row: Row, leaving: frozenset[str]) -> Row:
    return {
        name: value for name, value in row.items() if name not in BEGUN and name not in CHARGE and name not in leaving
    }


def _charged(row: Row) -> list[Any]:
    return [row.get(name) for name in CHARGE]


@lru_cache(512)
def _insert(table: str, names: tuple[str, ...]) -> str:
    values = ", ".join("?" * len(names))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values}) ON CONFLICT (id) DO NOTHING"  # noqa: S608 - our own names


@lru_cache(512)
def _update(table: str, names: Sequence[str], source: CostSource, how: str, standing: Sequence[str]) -> str:
    better = ", ".join(repr(other) for other, worth in WORTH.items() if worth > WORTH[source])
    charge = f"{{0}} = CASE WHEN cost_source IN ({better}) THEN {{0}} ELSE ? END" if better else "{0} = ?"
    changes = [*(how.format(name) for name in names), *(charge.format(name) for name in CHARGE)]
    known = f" AND status NOT IN ({', '.join(map(repr, standing))})" if standing else ""
    return f"UPDATE {table} SET {', '.join(changes)} WHERE id = ?{known}"  # noqa: S608 - our own names
