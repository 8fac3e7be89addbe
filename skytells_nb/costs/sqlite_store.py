"""The record as a SQLite file in WAL mode, of this user alone."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from ..errors import SetupError
from .connected import Connected
from .migrations import MIGRATIONS
from .store import Cursor, StoreError, UnfitError

_PATIENCE = 3.0
"""Seconds for which a writer waits for other kernels."""
_ERRORS = (sqlite3.Error, OSError, ValueError, OverflowError)


class SqliteStore(Connected[sqlite3.Connection]):
    """A file; it need not exist yet."""

    dialect: Literal["sqlite"] = "sqlite"
    prefix = ""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.place = str(path)
        self._inode = 0
        self._next_look = 0.0

    def exists(self) -> bool:
        """Say whether the file is there."""
        try:
            return self._connection is not None or self.path.exists()
        except OSError as error:  # a name that is too long, a folder that may not be searched
            raise _told(error) from error

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> int:
        """Run and commit one statement; returns how many rows it changed."""
        with self._lock:
            try:
                return self._opened().execute(sql, params).rowcount
            except _ERRORS as error:
                raise _told(error) from error

    def rows(self, sql: str, params: Sequence[Any] = (), /, *, size: int = 20_000) -> Iterator[list[tuple[Any, ...]]]:
        """Read rows in chunks, as of one moment; writers go on."""
        if self.exists():
            with self.reading() as cursor:
                result = cursor.execute(sql, params)
                while chunk := result.fetchmany(size):
                    yield list(chunk)

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """Read several statements as of one moment, on a connection of its own."""
        try:
            reader = self._reader()
        except _ERRORS as error:
            raise _told(error) from error
        try:
            with closing(reader):
                reader.execute("BEGIN")
                yield reader
        except sqlite3.Error as error:
            raise _told(error) from error

    @contextmanager
    def transaction(self) -> Iterator[Cursor]:
        """Write several statements as one; other writers wait, 3 seconds at most."""
        with self._lock:
            try:
                connection = self._opened()
            except _ERRORS as error:
                raise _told(error) from error
            try:
                with _immediate(connection):
                    self._busy = True
                    yield connection
            except sqlite3.Error as error:
                raise _told(error) from error
            finally:
                self._busy = False

    def _usable(self, _connection: sqlite3.Connection) -> bool:
        """Look, once a second at most, whether the path still leads to the file that is open."""
        now = time.monotonic()
        if now < self._next_look or self._busy:
            return True
        self._next_look = now + 1.0
        return self._file() == self._inode

    def _file(self) -> int:
        """Name the file that is at the path now; 0 where somebody took it away."""
        try:
            return self.path.stat().st_ino
        except OSError:
            return 0

    def _close(self, connection: sqlite3.Connection) -> None:
        connection.close()

    def _connect(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        connection = sqlite3.connect(
            self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        try:
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._inode = self._file()
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if _version(connection) > len(MIGRATIONS):
            raise self._newer()
        names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if names and "calls_remote" not in names:
            raise SetupError(
                f"{self.place} is a SQLite file of another program.", "Set SKYTELLS_NB_LEDGER to another file."
            )
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        for number, step in enumerate(MIGRATIONS, start=1):
            if _version(connection) >= number:
                continue
            with _immediate(connection):
                if _version(connection) < number:
                    for statement in step.sqlite:
                        connection.execute(statement)
                    connection.execute(f"PRAGMA user_version = {number}")

    def _newer(self) -> SetupError:
        return SetupError(
            f"The ledger {self.place} was written by a newer skytells_nb.",
            "Update the package, or set SKYTELLS_NB_LEDGER to another file.",
        )

    def _reader(self) -> sqlite3.Connection:
        """Open the file for reading, brought up to date where it can be written."""
        try:
            with self._lock:
                self._opened()
        except _ERRORS:
            return self._unwritable()
        return self._read_only("mode=ro")

    def _unwritable(self) -> sqlite3.Connection:
        """Open a file that cannot be written; without its log beside it, SQLite has to be told that nobody can."""
        try:
            return self._read_only("mode=ro")
        except sqlite3.OperationalError:
            if self.path.with_name(f"{self.path.name}-wal").exists():
                raise
            return self._read_only("immutable=1")

    def _read_only(self, how: str) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(self.path.absolute()))}?{how}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            version = _version(connection)
            if version > len(MIGRATIONS):
                raise self._newer()
            if version < len(MIGRATIONS):
                raise StoreError("an older version has written it, and it cannot be brought up to date")
        except BaseException:
            connection.close()
            raise
        return connection


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold the file's write lock for a block; what it wrote stays only if it ends well."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL. SQLite does not wait for other kernels here as it does elsewhere, so this does."""
    patience = time.monotonic() + _PATIENCE
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.01)
        else:
            break


def _told(error: Exception) -> StoreError:
    unfit = isinstance(error, UnicodeEncodeError | OverflowError)
    return (UnfitError if unfit else StoreError)(str(error))
