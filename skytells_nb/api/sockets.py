"""What httpcore's connections send bytes through: a request leaves in one piece, and asyncio is used without a layer.

httpcore writes a request's head and its body one after the other: two system calls here and two wake-ups there. These
streams hold what is small until an answer is read for. The async one stands on asyncio itself: cancel scopes around
every read and write cost more than the reading and writing do.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import httpcore

HELD = 64 * 1024
"""Bytes of a request that are held back at most; the memory of one read ahead is four times that."""


def connect(host: str, port: int, timeout: float | None) -> httpcore.NetworkStream:
    """Connect, over httpcore's own blocking sockets; raises its `ConnectError` or `ConnectTimeout`."""
    return _Held(httpcore.SyncBackend().connect_tcp(host, port, timeout, None, ()))


class _Held(httpcore.NetworkStream):
    """A blocking stream that sends when it is read from, or when much is waiting."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._unsent = b""
        self._write_timeout: float | None = None

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._unsent:
            with suppress(httpcore.WriteError):  # a server may answer and hang up before it has read all
                self._send()
        return self._stream.read(max_bytes, timeout)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._unsent += buffer
        self._write_timeout = timeout
        if len(self._unsent) > HELD:
            self._send()

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, b""
        self._stream.write(unsent, self._write_timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Held(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


async def connect_async(host: str, port: int, seconds: float | None) -> httpcore.AsyncNetworkStream:
    """Connect, over asyncio's own transports; raises httpcore's `ConnectError` or `ConnectTimeout`."""
    loop = asyncio.get_running_loop()
    race = None if _is_address(host) else 0.25  # asyncio's race between addresses loses a socket where it is canceled
    try:
        async with asyncio.timeout(seconds):
            _, stream = await loop.create_connection(lambda: _Stream(loop), host, port, happy_eyeballs_delay=race)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(str(error)) from error
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    return stream


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _Stream(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """One connection of an event loop; one task reads or writes at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: Any = None
        self._received = bytearray()
        self._unsent = b""
        self._write_timeout: float | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._ended = self._full = self._unread = False
        self._error: Exception | None = None

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own interface, here and below
    ) -> bytes:
        if self._unsent:
            await self._send()
        while not (self._received or self._ended):
            if not await self._next_event(timeout):
                raise httpcore.ReadTimeout
        if self._received:
            data = bytes(self._received[:max_bytes])
            del self._received[:max_bytes]
            if self._unread and len(self._received) <= HELD:
                self._unread = False
                self._transport.resume_reading()
            return data
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        self._unsent += buffer
        self._write_timeout = timeout
        if len(self._unsent) > HELD:
            await self._send()

    async def _send(self) -> None:
        unsent, self._unsent = self._unsent, b""
        self._transport.write(unsent)
        while self._full and not self._ended:
            if not await self._next_event(self._write_timeout):
                raise httpcore.WriteTimeout

    async def aclose(self) -> None:
        if not self._loop.is_closed():
            self._transport.abort()  # nothing is unsent, and a farewell of TLS would outlast the loop

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                self._transport = await self._loop.start_tls(
                    self._transport, self, ssl_context, server_hostname=server_hostname
                )
        except BaseException as error:
            self._transport.abort()
            if isinstance(error, TimeoutError):
                raise httpcore.ConnectTimeout(str(error)) from error
            if isinstance(error, OSError):
                raise httpcore.ConnectError(str(error)) from error
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """Tell what httpcore asks: whether an idle connection has something to read, so that it is of no use."""
        if info == "is_readable":
            return self._ended or bool(self._received)
        return self._transport.get_extra_info(info)

    async def _next_event(self, seconds: float | None) -> bool:
        """Wait until something happened; False where nothing did in that time."""
        waiter: asyncio.Future[bool] = self._loop.create_future()
        self._waiter = waiter
        alarm = None if seconds is None else self._loop.call_later(seconds, self._wake, False)  # noqa: FBT003
        try:
            return await waiter
        finally:
            self._waiter = None
            if alarm is not None:
                alarm.cancel()

    def _wake(self, happened: bool = True) -> None:  # noqa: FBT001, FBT002 - asyncio calls it
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(happened)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) > 4 * HELD and not self._unread:
            self._unread = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._error = True, error
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()
