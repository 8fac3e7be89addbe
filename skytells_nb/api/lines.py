"""Which connections there are, which are idle, and who waits for one: a stack, made one by one, up to a bound.

A line is a connection of its own, taken off the stack and put back when its answer is closed, so a call costs the same
beside a thousand others. Past the bound callers wait in the order they came. Pure bookkeeping: it performs no I/O.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Generic, TypeVar

from ..errors import SetupError

MOST = 256
"""Connections of one client at most; fewer where the process may not open twice as many files."""

IDLE = 5.0
"""Seconds that a connection is kept for the next request; then it is closed, when another call ends."""

L = TypeVar("L")
Waiter = Any
"""A future of a line: asyncio's or that of threads."""


def most() -> int:
    """Say how many connections a client may open: half of the files that this process may, 256 at most."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return MOST if files == resource.RLIM_INFINITY else max(1, min(MOST, files // 2))


class Lines(Generic[L]):
    """Which lines there are, which of them are idle, and who waits for one. It does no I/O, and any thread may ask."""

    def __init__(self, maker: Callable[[], Callable[[], L]], waiter: Callable[[], Waiter], *, closed: bool) -> None:
        self.closed = closed
        self._maker = maker
        self._make: Callable[[], L] | None = None
        self._waiter = waiter
        self._bound = 0
        self._all: set[L] = set()
        self._idle: deque[tuple[float, L]] = deque()
        self._waiting: deque[Waiter] = deque()
        self.keeper: AsyncIterator[None] | None = None
        # A stream that is collected as garbage gives its line back wherever that happens, also in here.
        self._lock = threading.RLock()

    def check(self) -> None:
        """Raise `SetupError` after `close`."""
        if self.closed:
            raise closed()

    def take(self) -> tuple[L | None, Waiter]:
        """Give an idle line, or a new one; past the bound a future of one. Raises `SetupError` after `close`."""
        with self._lock:
            self.check()
            if self._idle:
                return self._idle.pop()[1], None
            if self._make is None:
                self._make, self._bound = self._maker(), most()
            if len(self._all) < self._bound:
                line = self._make()
                self._all.add(line)
                return line, None
            waiter = self._waiter()
            self._waiting.append(waiter)
            return None, waiter

    def give(self, line: L) -> list[L]:
        """Take a line back, for who has waited longest; give those that were idle too long, to be closed."""
        with self._lock:
            if self.closed:
                return [line]
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_result(line)
                    return []
            now = time.monotonic()
            self._idle.append((now, line))
            stale = []
            while now - self._idle[0][0] > IDLE:
                stale.append(self._idle.popleft()[1])
            self._all.difference_update(stale)
            return stale

    def withdraw(self, waiter: Waiter) -> list[L]:
        """Wait no more; a line that came in the same moment goes to the next."""
        with self._lock:
            if waiter.cancel() or waiter.cancelled() or waiter.exception() is not None:
                return []
            return self.give(waiter.result())

    def close(self) -> list[L]:
        """Lend no more; give all lines, to be closed. Who waits is told."""
        with self._lock:
            self.closed = True
            lines, self._all = [*self._all], set()
            while self._waiting:
                waiter = self._waiting.popleft()
                if not waiter.done():
                    waiter.set_exception(closed())
            return lines


def closed() -> SetupError:
    """Make the error for a client that is used after its end."""
    return SetupError("This client is closed.", "Make another: sky.Client().")
