"""Who sends a request: a line of the place that asks, or the one transport that a client was given.

A pool of httpx looks through all its connections at each request and each answer: at 64 in flight it does little else.
Here a call takes an idle line off a stack (`lines`) and gives it back when its answer is closed. A single user opens
one connection.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic

import httpx

from ..errors import NetworkError
from .lines import L, Lines, Waiter

Place = tuple[int, asyncio.AbstractEventLoop | None]
"""A process by its id, and the event loop in it that asks; None where a thread asks that blocks."""


class _Lending(Generic[L]):
    """What both pools share: the lines of the place that asks, a process or an event loop of one.

    Two processes must never read from one connection, and no thread may touch another's event loop.
    """

    def __init__(
        self, maker: Callable[[], Callable[[], L]], waiter: Callable[[], Waiter], here: Callable[[], Place]
    ) -> None:
        self._maker = maker
        self._waiter = waiter
        self._here = here
        self._closed = False
        self._made: dict[Place, Lines[L]] = {}

    @property
    def lines(self) -> Lines[L]:
        """The lines of this place, made when they are first asked for; those of places that are gone are dropped."""
        place = self._here()
        lines = self._made.get(place)
        if lines is None:
            lines = self._made.setdefault(place, Lines(self._maker, self._waiter, closed=self._closed))
            for process, loop in [*self._made]:
                if process != os.getpid() or (loop is not None and loop.is_closed()):
                    self._made.pop((process, loop), None)
        return lines


class Pool(_Lending[httpx.BaseTransport]):
    """Sends the requests of a blocking client: over lines to `base_url`, or by the one `transport` that is given.

    `limits` are the usual time limits, for who makes the requests.
    """

    def __init__(self, base_url: str, limits: httpx.Timeout, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(lambda: _connections().maker(base_url), concurrent.futures.Future, lambda: (os.getpid(), None))
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
                line = waiter.result(_patience(request))
            except TimeoutError:
                _close_all(lines.withdraw(waiter))
                raise _all_in_use() from None
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
        self._closed = True
        lines = self.lines.close()
        _close_all(lines if self._given is None else [*lines, self._given])


def _patience(request: httpx.Request) -> float | None:
    """Say how many seconds a request may wait for a line: as long as for its answer."""
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds


def _all_in_use() -> NetworkError:
    what = "All connections of this client are in use."
    return NetworkError(
        what, "Nothing was sent. Close streams that are not read to their end, or wait for other calls."
    )


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
        super().__init__(lambda: _connections().async_maker(base_url), _future_of_the_loop, _here)
        self.limits = limits
        self._given = transport

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; its line is free for another when the response is closed."""
        lines = self.lines
        if self._given is not None:
            lines.check()
            return await self._given.handle_async_request(request)
        if lines.keeper is None:
            lines.keeper = _closing_with_the_loop(lines)
            await anext(lines.keeper)
        line, waiter = lines.take()
        if line is None:
            try:
                async with asyncio.timeout(_patience(request)):
                    line = await waiter
            except TimeoutError:
                await _aclose_all(lines.withdraw(waiter))
                raise _all_in_use() from None
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
        self._closed = True
        here = self.lines
        for (_, loop), lines in [*self._made.items()]:
            if lines is not here and loop is not None and loop.is_running():
                asyncio.run_coroutine_threadsafe(_shut(lines), loop)
        await _shut(here)
        if self._given is not None:
            await self._given.aclose()


def _connections() -> Any:
    """Import what stands on httpcore when the first request leaves, not when the package is imported."""
    from . import connections

    return connections


def _future_of_the_loop() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


def _here() -> Place:
    return os.getpid(), asyncio.get_running_loop()


async def _closing_with_the_loop(lines: Lines[httpx.AsyncBaseTransport]) -> AsyncIterator[None]:
    """Close the lines when the event loop ends: it then ends the async generators that it began."""
    try:
        yield
    finally:
        await _shut(lines)


async def _shut(lines: Lines[httpx.AsyncBaseTransport]) -> None:
    await _aclose_all(lines.close())


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
