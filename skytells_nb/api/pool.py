"""Who may use which connection: a stack of idle lines, made one by one when all are busy, up to a bound.

A pool of httpx looks through all its connections at each request and each answer: at 64 in flight it does little else.
Here each line is a connection of its own, taken off a stack and put back when its answer is closed, so a call costs
the same beside a thousand others. Past the bound callers wait in the order they came. A single user opens one
connection; those that are idle are closed after a while.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, TypeVar

import httpx

from ..errors import SetupError

MOST = 256
"""Connections of one client at most; fewer where the process may not open twice as many files."""

IDLE = 5.0
"""Seconds after which an idle connection is closed, when another call ends."""

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
        # A stream that is collected as garbage gives its line back wherever that happens, also in here.
        self._lock = threading.RLock()

    def __contains__(self, line: L) -> bool:
        return line in self._all

    def check(self) -> None:
        """Raise `SetupError` after `close`."""
        if self.closed:
            raise _closed()

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
                    waiter.set_exception(_closed())
            return lines


def _closed() -> SetupError:
    return SetupError("This client is closed.", "Make another: sky.Client().")


class _Lending(Generic[L]):
    """What both pools share: the lines of this process. Two processes must never read from one connection."""

    def __init__(self, maker: Callable[[], Callable[[], L]], waiter: Callable[[], Waiter]) -> None:
        self._maker = maker
        self._waiter = waiter
        self._made = {os.getpid(): Lines(maker, waiter, closed=False)}

    @property
    def lines(self) -> Lines[L]:
        """The lines of this process, made anew in a forked one."""
        process = os.getpid()
        lines = self._made.get(process)
        if lines is None:
            closed = any(others.closed for others in [*self._made.values()])
            lines = self._made.setdefault(process, Lines(self._maker, self._waiter, closed=closed))
            for other in [*self._made]:
                if other != process:
                    self._made.pop(other, None)
        return lines


class Pool(_Lending[httpx.BaseTransport]):
    """Sends the requests of a blocking client: over lines to `base_url`, or by the one `transport` that is given.

    `limits` are the usual time limits, for who makes the requests.
    """

    def __init__(self, base_url: str, limits: httpx.Timeout, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(lambda: _lines_module().maker(base_url), concurrent.futures.Future)
        self.limits = limits
        self._given = transport

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its line is free for another when the response is closed."""
        lines = self.lines
        if self._given is not None:
            lines.check()
            return self._given.handle_request(request)
        line, waiter = lines.take()
        if line is None:
            try:
                line = waiter.result()
            except BaseException:
                _close_all(lines.withdraw(waiter))
                raise
        try:
            response = line.handle_request(request)
        except BaseException:
            _close_all(lines.give(line))
            raise
        response.stream = _Lent(response.stream, lines, line)
        return response

    def close(self) -> None:
        """Close all connections; nothing can be sent after it."""
        _close_all(self.lines.close() if self._given is None else [*self.lines.close(), self._given])


def _close_all(lines: list[httpx.BaseTransport]) -> None:
    for line in lines:
        line.close()


class _Lent(httpx.SyncByteStream):
    """A response's body, which gives the line back."""

    def __init__(self, stream: Any, lines: Lines[Any], line: Any) -> None:
        self._stream = stream
        self._lines = lines
        self._line = line

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        line, self._line = self._line, None
        try:
            self._stream.close()
        finally:
            if line is not None:
                _close_all(self._lines.give(line))


class AsyncPool(_Lending[httpx.AsyncBaseTransport]):
    """Sends the requests of an async client; the twin of `Pool`."""

    def __init__(self, base_url: str, limits: httpx.Timeout, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__(lambda: _lines_module().async_maker(base_url), _future_of_the_loop)
        self.limits = limits
        self._given = transport

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its line is free for another when the response is closed."""
        lines = self.lines
        if self._given is not None:
            lines.check()
            return await self._given.handle_async_request(request)
        line, waiter = lines.take()
        if line is None:
            try:
                line = await waiter
            except BaseException:
                await _aclose_all(lines.withdraw(waiter))
                raise
        try:
            response = await line.handle_async_request(request)
        except BaseException:
            await _aclose_all(lines.give(line))
            raise
        response.stream = _AsyncLent(response.stream, lines, line)
        return response

    async def aclose(self) -> None:
        """Close all connections; nothing can be sent after it."""
        await _aclose_all(self.lines.close() if self._given is None else [*self.lines.close(), self._given])


def _lines_module() -> Any:
    """Import what stands on httpcore when the first request leaves, not when the package is imported."""
    from . import lines

    return lines


def _future_of_the_loop() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


async def _aclose_all(lines: list[httpx.AsyncBaseTransport]) -> None:
    for line in lines:
        await line.aclose()


class _AsyncLent(httpx.AsyncByteStream):
    """A response's body, which gives the line back."""

    def __init__(self, stream: Any, lines: Lines[Any], line: Any) -> None:
        self._stream = stream
        self._lines = lines
        self._line = line

    def __aiter__(self) -> AsyncIterator[bytes]:
        iterator: AsyncIterator[bytes] = self._stream.__aiter__()
        return iterator

    async def aclose(self) -> None:
        line, self._line = self._line, None
        try:
            await self._stream.aclose()
        finally:
            if line is not None:
                await _aclose_all(self._lines.give(line))
