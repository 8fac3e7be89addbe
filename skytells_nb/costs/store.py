"""What the record is kept in: a SQLite file or a PostgreSQL, behind one face.

SQL is written once, with `?` for values. A store applies the migrations when it is first opened for writing, and
refuses one that a newer version has written, untouched. It is safe for threads, and after a fork.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal, Protocol


class StoreError(Exception):
    """The store cannot be read or written; the message says why, without any password."""


class LostError(StoreError):
    """The connection broke: what was being written is there, or it is not."""


class UnfitError(StoreError):
    """The store cannot hold a value: half a character, a number that is too large."""


class Result(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """Count the rows that were changed."""

    def fetchone(self) -> Any:
        """Give the next row as a tuple, or None."""

    def fetchmany(self, size: int = ..., /) -> Sequence[Any]:
        """Give so many rows more; none at the end."""

    def fetchall(self) -> Sequence[Any]:
        """Give the other rows."""


class Cursor(Protocol):
    """Where statements are run, one after another on one connection."""

    def execute(self, sql: str, params: Sequence[Any] = ..., /) -> Result:
        """Run a statement with `?` for its values."""


class Store(Protocol):
    """Tables that several kernels share.

    Every verb raises `StoreError` where the store cannot be read or written, and `SetupError` where that is for the
    user to mend: a newer file, a driver that is missing, an address that is none.
    """

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Name the SQL that it speaks."""

    @property
    def place(self) -> str:
        """Say where it is, for people: a path, or an address without its password."""

    @property
    def prefix(self) -> str:
        """Give what its tables' names begin with."""

    def exists(self) -> bool:
        """Say whether there is anything to read, without making it."""

    def execute(self, sql: str, params: Sequence[Any] = (), /) -> int:
        """Run and commit one statement; returns how many rows it changed."""

    def rows(self, sql: str, params: Sequence[Any] = (), /, *, size: int = 20_000) -> Iterator[list[tuple[Any, ...]]]:
        """Read rows in chunks of `size`, on a connection of its own: writers go on. Nothing where nothing exists."""

    def reading(self) -> AbstractContextManager[Cursor]:
        """Read several statements as of one moment, temporary tables allowed; ask `exists` first."""

    def transaction(self) -> AbstractContextManager[Cursor]:
        """Write several statements as one, alone among those who write so; an exception takes them all back."""

    def close(self) -> None:
        """Close the connection; the next verb opens another."""


def open_store(place: Path | str) -> Store:
    """Give the store at a path or an address; nothing is opened yet."""
    if isinstance(place, Path):
        from .sqlite_store import SqliteStore

        return SqliteStore(place)
    from .postgres_store import PostgresStore

    return PostgresStore(place)
