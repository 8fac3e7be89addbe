"""One durable row for each call, committed before its request leaves and completed after it.

A SQLite file, or a PostgreSQL that several people share. A kernel that is killed leaves the row it began; a job's row
holds its id as soon as the service has named it. Keys are never stored, prompts and answers only where the settings say
so. A store that cannot be written never stops a call: the rows are kept in memory, the user is told once, and they are
written when it can be written again.
"""

from __future__ import annotations

import atexit
import os
import time
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, cast

from .. import settings
from ..api.record import GOING_ON, Call
from ..errors import InputError, SetupError, plain
from . import statements
from .columns import COLUMNS
from .rows import BEGUN, ELSEWHERE, NOWHERE, SESSION, Place, Row, Where, fitting, placed_row, row_of
from .store import Cursor, LostError, StoreError, UnfitError, open_store

__all__ = [
    "COLUMNS",
    "SESSION",
    "Ledger",
    "Place",
    "Recorder",
    "Row",
    "Where",
    "default_ledger",
    "given_or_default",
    "row_of",
]

_BOUND = 10_000
"""Of how many calls that go on it is remembered where they began."""


class Chosen(Protocol):
    """Which rows are asked for, as SQL and of a row in memory."""

    def where(self) -> tuple[str, list[Any]]:
        """Give a condition with `?` for its values, and the values; "" for every row."""

    def holds(self, row: Row) -> bool:
        """Say whether a row is meant."""


class Ledger:
    """The record at a place: a path or a `postgresql://` address, that of the settings where none is given.

    `unwritten` holds the rows that could not be written, by the id of their call; `trouble` says why the rows that were
    read last are not all, or nothing. Safe for threads, forks and other kernels.
    """

    def __init__(self, where: str | os.PathLike[str] | None = None) -> None:
        self.store = open_store(settings.ledger_place(where))
        self.place = self.store.place
        self.unwritten: dict[str, Row] = {}
        self.trouble = ""
        self._table = f"{self.store.prefix}calls"
        self._rests_until = 0.0
        self._told = False
        _made.add(self)

    def insert(self, row: Row) -> None:
        """Commit a new row; one whose id is there already changes nothing. Raises `StoreError` or `SetupError`."""
        self._execute(*statements.insertion(self._table, row))

    def complete(self, row: Row) -> None:
        """Commit what became of a row; a row of the same remote id is completed where the id is not known.

        What is not known now keeps what was known before. Raises `StoreError` or `SetupError`.
        """
        if self._execute(*statements.completion(self._table, row, row["id"])):
            return
        with self.store.transaction() as cursor:
            if cursor.execute(*statements.addition(self._table, row, row["id"])).rowcount:
                return
            if (begun := self._begun_elsewhere(cursor, row)) is None:
                cursor.execute(*statements.insertion(self._table, row))
                return
            first, started = begun
            if "seconds" in row:
                row = row | {"seconds": max(0.0, (_moment(row["finished_at"]) - _moment(started)).total_seconds())}
            for change in (statements.completion, statements.addition):
                if cursor.execute(*change(self._table, row, first, leaving=ELSEWHERE)).rowcount:
                    return

    def _begun_elsewhere(self, cursor: Cursor, row: Row) -> tuple[str, Any] | None:
        if row["api"] != "prediction" or not row.get("remote_id"):
            return None
        first = f"""
            SELECT id, started_at FROM {self._table} WHERE api = 'prediction' AND remote_id = ? AND id <> ?
            ORDER BY started_at, id LIMIT 1
        """  # noqa: S608 - our own name
        return cast("tuple[str, Any] | None", cursor.execute(first, (row["remote_id"], row["id"])).fetchone())

    def _execute(self, sql: str, params: Sequence[Any]) -> int:
        try:
            return self.store.execute(sql, params)
        except LostError:  # it may have been idle for hours; what is written here may be written twice
            return self.store.execute(sql, params)

    def record(self, row: Row, *, ended: bool) -> None:
        """Insert a row or complete it; where that cannot be done, keep it in memory and say so once. Never raises.

        After a failure that took long, it rests ten times as long, 30 seconds at most: calls are not to wait for it.
        """
        if (kept := self.unwritten.get(row["id"])) is not None:
            row = kept | {name: value for name, value in row.items() if name not in BEGUN}
        begun = time.monotonic()
        if begun < self._rests_until:
            self.unwritten[row["id"]] = row
            return
        try:
            self._write(row, self.complete if ended else self.insert)
        except (StoreError, SetupError) as error:
            now = time.monotonic()
            if now - begun > 0.05:
                self._rests_until = now + min(30.0, 10 * (now - begun))
            self.unwritten[row["id"]] = row
            self._cannot_write(error)
        else:
            self.unwritten.pop(row["id"], None)
            self._told = False
            self.catch_up()

    def _write(self, row: Row, write: Callable[[Row], None]) -> None:
        try:
            write(row)
        except UnfitError:
            write(fitting(row))

    def catch_up(self, seconds: float = 0.05) -> None:
        """Write rows that could not be written before, for so many seconds; what cannot be written now stays."""
        until = time.monotonic() + seconds
        for name in [*self.unwritten]:
            row = self.unwritten.pop(name, None)
            if row is None:
                continue
            try:
                self._write(row, self.complete)
            except (StoreError, SetupError):
                self.unwritten.setdefault(name, row)  # behind the others, if it is this row's own fault
                return
            if time.monotonic() > until:
                return

    def _cannot_write(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            message = (
                f"The ledger {self.place} cannot be written ({error}). Calls still work; their rows are kept in memory "
                "until it can be, or this kernel ends. Set SKYTELLS_NB_LEDGER to a file that can be written."
            )
            warnings.warn(message, RuntimeWarning, stacklevel=4)

    def read(self, columns: Sequence[str], chosen: Chosen | None = None) -> Iterator[list[tuple[Any, ...]]]:
        """Read some columns of the rows that were chosen, in chunks, by the order of their ids, which is that of time.

        Those that could not be written come last. Where the store cannot be read, a RuntimeWarning says so once, and
        `trouble` as long as it is so: then only what is in memory comes. Raises KeyError for what is no column.
        """
        names = [name for name in columns if COLUMNS[name]]
        unwritten = self.unwritten.copy()  # what another thread writes meanwhile is to come once all the same
        kept = [row for row in unwritten.values() if chosen is None or chosen.holds(row)]
        try:
            yield from self._stored(names, chosen, frozenset(unwritten))
        except (StoreError, SetupError) as error:
            self._cannot_read(error)
        else:
            self.trouble = ""
        if kept:
            yield [tuple(row.get(name) for name in names) for row in kept]

    def _stored(
        self, names: Sequence[str], chosen: Chosen | None, without: frozenset[str]
    ) -> Iterator[list[tuple[Any, ...]]]:
        condition, values = ("", []) if chosen is None else chosen.where()
        sql = f"SELECT {', '.join(names)}, id FROM {self._table} WHERE {condition or 'TRUE'} ORDER BY id"  # noqa: S608 - our own names
        for chunk in self.store.rows(sql, values):
            yield [row[:-1] for row in chunk if row[-1] not in without]

    def _cannot_read(self, error: Exception) -> None:
        trouble = f"The ledger {self.place} cannot be read ({error}): only what this kernel keeps in memory is shown."
        if trouble != self.trouble:
            self.trouble = trouble
            warnings.warn(trouble, RuntimeWarning, stacklevel=3)

    def rows(self) -> list[dict[str, Any]]:
        """Read all rows whole, oldest first; None for what is not known."""
        found = [dict(zip(COLUMNS, row, strict=True)) for chunk in self.read([*COLUMNS]) for row in chunk]
        return sorted(found, key=lambda row: str(row["started_at"]))

    def close(self) -> None:
        """Close the store; it opens again when it is needed."""
        self.store.close()


class Recorder:
    """The observer that writes the ledger; it never stops a call."""

    def __init__(self, ledger: Ledger | None = None, where: Where | None = None) -> None:
        self._chosen = ledger
        self._where = where
        self._places: OrderedDict[str, Place] = OrderedDict()

    @property
    def ledger(self) -> Ledger:
        """Where this recorder writes."""
        return self._chosen or default_ledger()

    def before(self, call: Call) -> None:
        """Commit the row of a call that is about to leave."""
        place = self._places[call.id] = self._here()
        if len(self._places) > _BOUND:
            self._places.popitem(last=False)
        self.ledger.record(placed_row(call, place), ended=False)

    def after(self, call: Call) -> None:
        """Complete the row; it stays where the call began."""
        place = self._places.get(call.id) if call.status in GOING_ON else self._places.pop(call.id, None)
        self.ledger.record(placed_row(call, place or self._here()), ended=True)

    def _here(self) -> Place:
        return self._where() if self._where else NOWHERE


def _moment(stored: str | datetime) -> datetime:
    return stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)


_ledgers: dict[str | None, Ledger] = {}
_made: weakref.WeakSet[Ledger] = weakref.WeakSet()


def default_ledger() -> Ledger:
    """Give the ledger that the settings name; one object for each setting."""
    named = os.environ.get(settings.LEDGER_VARIABLE)
    if named not in _ledgers:
        _ledgers.setdefault(named, Ledger())
    return _ledgers[named]


def given_or_default(ledger: Ledger | None) -> Ledger:
    """Give the ledger of an argument, or that of the settings; raises `InputError` for what is none."""
    if ledger is None:
        return default_ledger()
    if not isinstance(ledger, Ledger):
        raise InputError(f"ledger={plain(repr(ledger), 40)} is no Ledger.", "Leave it out for that of the settings.")
    return ledger


def _last_try() -> None:
    for ledger in [*_made]:
        ledger.catch_up(2.0)


atexit.register(_last_try)
