"""One durable row for each call, committed before its request leaves and completed after it.

A SQLite file in WAL mode, shared by any number of kernels. A kernel that is killed leaves the row it began; a job's row
holds its id as soon as the service has named it. Neither prompts, answers nor keys are stored. A file that cannot be
written never stops a call: the rows are kept in memory, and the user is told once. Columns are added by numbered
migrations, each in a transaction of its own; a file from a newer version is left untouched.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import uuid
import warnings
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

from .. import settings
from ..api.record import Call
from ..errors import SetupError, without_secrets

SESSION = uuid.uuid4().hex[:12]
"""Names this process in the rows it writes."""

MIGRATIONS = (
    """
    CREATE TABLE calls (
        id TEXT PRIMARY KEY, session TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT, tag TEXT,
        cell TEXT, execution_count INTEGER,
        api TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, model_used TEXT, stream INTEGER NOT NULL,
        sandbox INTEGER NOT NULL, status TEXT NOT NULL, error_id TEXT, http_status INTEGER,
        request_id TEXT, remote_id TEXT,
        attempts INTEGER NOT NULL, waited REAL NOT NULL, seconds REAL, ttft REAL,
        prompt_tokens INTEGER, completion_tokens INTEGER, total_tokens INTEGER, reasoning_tokens INTEGER,
        cached_tokens INTEGER, predict_time REAL, total_time REAL, outputs INTEGER,
        quoted TEXT, cost TEXT, cost_source TEXT NOT NULL, cost_reason TEXT, currency TEXT NOT NULL,
        fingerprint TEXT NOT NULL, usage TEXT
    ) WITHOUT ROWID;
    CREATE INDEX calls_remote ON calls (remote_id) WHERE api = 'prediction';
    """,
)

_TOLD = tuple(field.name for field in fields(Call) if field.name != "charge")
_told = attrgetter(*_TOLD)
_OWN = ("session", "cell", "execution_count", "cost", "cost_source", "cost_reason", "currency")
COLUMNS = (*_TOLD, *_OWN)
_BEGUN = {*_TOLD[: _TOLD.index("status")], "session", "cell", "execution_count"} - {"sandbox"}
"""The columns that stand from the beginning of a call; its end settles the others."""
_ELSEWHERE = {"sandbox", "attempts", "waited"}
"""The columns that stand too where another kernel began the call: it counted, this one did not."""

Row = dict[str, Any]
"""What is known of a call, by column; a column of which nothing is known is not in it."""

Where = Callable[[], tuple[str | None, int | None]]
"""Says which cell is running: its id and execution count, each None where that is not known."""


def row_of(call: Call, where: Where | None = None) -> Row:
    """Write a call as a row: moments as ISO 8601 in UTC, money as exact text, usage as JSON."""
    cell, execution_count = where() if where else (None, None)
    charge = call.charge
    row = dict(zip(_TOLD, _told(call), strict=True))
    row |= {
        "session": SESSION,
        "cell": cell,
        "execution_count": execution_count,
        "started_at": call.started_at.isoformat(),
        "finished_at": call.finished_at and call.finished_at.isoformat(),
        "quoted": None if call.quoted is None else str(call.quoted),
        "usage": None if call.usage is None else without_secrets(json.dumps(call.usage)),
        "cost": None if charge.amount is None else str(charge.amount),
        "cost_source": charge.source,
        "cost_reason": charge.reason or None,
        "currency": charge.currency,
    }
    return {name: value for name, value in row.items() if value is not None}


@cache
def _insert(names: tuple[str, ...]) -> str:
    return f"INSERT INTO calls ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names


@cache
def _update(names: tuple[str, ...]) -> str:
    return f"UPDATE calls SET {', '.join(f'{name} = ?' for name in names)} WHERE id = ?"  # noqa: S608 - our own names


_BY_REMOTE = """
    SELECT id FROM calls WHERE api = 'prediction' AND remote_id = ? AND id <> ? ORDER BY started_at LIMIT 1
"""


class Ledger:
    """The file of rows; `path` need not exist yet. Safe for threads, forks and other kernels.

    `trouble` says why the rows that were read last are not all, or nothing.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = settings.ledger_file(path)
        self.unwritten: dict[str, Row] = {}
        self._locks: dict[int, threading.RLock] = {}
        self._connection: sqlite3.Connection | None = None
        self._process = 0
        self._inode = 0
        self._next_look = 0.0
        self.trouble = ""

    @property
    def _lock(self) -> threading.RLock:
        """The lock of this process: a thread that is not in a forked one may hold the other's for ever."""
        process = os.getpid()
        return self._locks.get(process) or self._locks.setdefault(process, threading.RLock())

    def insert(self, row: Row) -> None:
        """Commit a new row; raises sqlite3.Error or OSError where that is not possible."""
        with self._lock:
            self._opened().execute(_insert(tuple(row)), tuple(row.values()))

    def complete(self, row: Row) -> None:
        """Commit what became of a row; a row of the same remote id is completed where the id is not known.

        What is not known now keeps what was known before.
        """
        settled = {name: value for name, value in row.items() if name not in _BEGUN}
        with self._lock:
            connection = self._opened()
            if connection.execute(_update(tuple(settled)), (*settled.values(), row["id"])).rowcount:
                return
            known = connection.execute(_BY_REMOTE, (row.get("remote_id"), row["id"])).fetchone()
            if known is None:
                connection.execute(_insert(tuple(row)), tuple(row.values()))
            else:
                settled = {name: value for name, value in settled.items() if name not in _ELSEWHERE}
                connection.execute(_update(tuple(settled)), (*settled.values(), *known))

    def rows(self) -> list[dict[str, Any]]:
        """Read all rows, oldest first, with those that could not be written; None for what is not known."""
        found: dict[str, Row] = {}
        try:
            with self._lock:
                if self._connection is not None or self.path.exists():
                    cursor = self._opened().execute("SELECT * FROM calls ORDER BY started_at")
                    names = [column[0] for column in cursor.description]
                    found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor}
        except (sqlite3.Error, OSError, SetupError) as error:
            message = (
                f"The ledger {self.path} cannot be read ({error}): only what this kernel keeps in memory is shown."
            )
            self.trouble = message
            warnings.warn(message, RuntimeWarning, stacklevel=2)
        else:
            self.trouble = ""
        nothing = dict.fromkeys(COLUMNS)
        return [*(found | {name: nothing | row for name, row in self.unwritten.items()}).values()]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None or self._process != os.getpid() or self._was_taken_away():
            self._connection = self._connect()
            self._process, self._inode = os.getpid(), self._file()
        return self._connection

    def _was_taken_away(self) -> bool:
        """Look, once a second at most, whether the path still leads to the file that is open."""
        now = time.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + 1.0
        return self._file() != self._inode

    def _file(self) -> int:
        """Name the file that is at the path now; 0 where somebody took it away."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(self.path, timeout=3.0, isolation_level=None, check_same_thread=False)
        try:
            _migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA busy_timeout = 3000")
    if connection.execute("PRAGMA user_version").fetchone()[0] > len(MIGRATIONS):
        raise SetupError(
            f"The ledger {path} was written by a newer skytells_nb.",
            "Update the package, or set SKYTELLS_NB_LEDGER to another file.",
        )
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    for number, statements in enumerate(MIGRATIONS, start=1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if connection.execute("PRAGMA user_version").fetchone()[0] < number:
                for statement in filter(str.strip, statements.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for other kernels here as it does elsewhere, so this does."""
    patience = time.monotonic() + 3.0
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.01)
        else:
            break


class Recorder:
    """The observer that writes the ledger; it never stops a call."""

    def __init__(self, ledger: Ledger | None = None, where: Where | None = None) -> None:
        self._chosen = ledger
        self._where = where
        self._told = False

    @property
    def ledger(self) -> Ledger:
        """Where this recorder writes."""
        return self._chosen or default_ledger()

    def before(self, call: Call) -> None:
        """Commit the row of a call that is about to leave."""
        ledger = self.ledger
        self._write(ledger, row_of(call, self._where), ledger.insert)

    def after(self, call: Call) -> None:
        """Complete the row."""
        ledger = self.ledger
        self._write(ledger, row_of(call, self._where), ledger.complete)

    def _write(self, ledger: Ledger, row: Row, write: Callable[[Row], None]) -> None:
        try:
            try:
                write(row)
            except UnicodeEncodeError:  # half a character, from a server
                write({name: _encodable(value) for name, value in row.items()})
            ledger.unwritten.pop(row["id"], None)
        except (sqlite3.Error, OSError, SetupError, ValueError, OverflowError) as error:
            ledger.unwritten[row["id"]] = row
            if not self._told:
                self._told = True
                message = (
                    f"The ledger {ledger.path} cannot be written ({error}). Calls still work; their rows are kept "
                    "in memory until this kernel ends. Set SKYTELLS_NB_LEDGER to a file that can be written."
                )
                warnings.warn(message, RuntimeWarning, stacklevel=2)


def _encodable(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


_ledgers: dict[str | None, Ledger] = {}


def default_ledger() -> Ledger:
    """Give the ledger that the settings name; one object for each setting."""
    named = os.environ.get(settings.LEDGER_VARIABLE)
    if named not in _ledgers:
        _ledgers.setdefault(named, Ledger())
    return _ledgers[named]
