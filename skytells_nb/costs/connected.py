"""What both stores do alike: one connection for writing, who may use it, and what a fork does to it."""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

C = TypeVar("C")


class Connected(ABC, Generic[C]):
    """Holds a connection that is opened when it is needed, one thread at a time.

    It is closed before a fork: neither SQLite's locks nor a socket may be shared by two processes.
    """

    def __init__(self) -> None:
        self._locks: dict[int, threading.RLock] = {}
        self._connection: C | None = None
        self._busy = False
        _alive.add(self)

    @property
    def _lock(self) -> threading.RLock:
        """The lock of this process: a thread that is not in a forked one may hold the other's for ever."""
        process = os.getpid()
        return self._locks.get(process) or self._locks.setdefault(process, threading.RLock())

    @abstractmethod
    def _connect(self) -> C:
        """Open the connection, and bring the tables up to date."""

    @abstractmethod
    def _close(self, connection: C) -> None:
        """Close it."""

    def _usable(self, _connection: C) -> bool:
        return True

    def _opened(self) -> C:
        connection = self._connection
        if connection is not None and not self._usable(connection):
            self.close()
            connection = None
        if connection is None:
            connection = self._connection = self._connect()
        return connection

    def close(self) -> None:
        """Close the connection; the next verb opens another."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                self._close(connection)


_alive: weakref.WeakSet[Connected[Any]] = weakref.WeakSet()
_held: list[threading.RLock] = []
_inherited: list[Any] = []
"""Connections of the process that forked this one, where they could not be closed: neither used nor closed here."""


def _close_idle(patience: float = 1.0) -> None:
    """Close what is open, and keep it closed until the fork is over."""
    for store in sorted(_alive, key=id):
        lock = store._lock  # noqa: SLF001 - of this module
        if lock.acquire(timeout=patience):
            _held.append(lock)
            if not store._busy:  # noqa: SLF001
                store.close()


def _let_go() -> None:
    while _held:
        _held.pop().release()


def _begin_anew() -> None:
    _held.clear()
    for store in [*_alive]:
        _inherited.append(store._connection)  # noqa: SLF001
        store._connection = None  # noqa: SLF001
        store._busy = False  # noqa: SLF001


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_idle, after_in_parent=_let_go, after_in_child=_begin_anew)
atexit.register(_let_go)  # the last registered runs first
atexit.register(_close_idle)
