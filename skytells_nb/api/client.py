"""Two thin drivers of the same flows: `Client` blocks, `AsyncClient` awaits.

Each takes three seams: `transport` (who answers; an httpx transport), `sleep` (how time passes between looks), and
`observers` (who is told of each call). Neither hides an event loop, and no verb is written twice: a verb is a flow of
`Calls`, the decorators of `driver` give it its blocking and its async face, and their two base classes perform it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Self

import httpx

from ..errors import SkytellsError
from . import transfer
from .account import span
from .async_driver import AsyncDriver
from .blocking_driver import BlockingDriver
from .calls import Calls
from .driver import async_listing, async_streaming, awaiting, blocking, listing, streaming
from .pool import AsyncPool, Pool
from .record import Observer
from .retry import RetryPolicy


class Client(BlockingDriver):
    """The blocking client.

    `api_key` and `base_url` are found as `settings` says where they are not given; `timeout` is seconds between two
    pieces of an answer; `on_wait(seconds, error)` is called before each pause for another try. Safe to use from several
    threads; `close` it, or use it in a `with`.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        observers: Sequence[Observer] | None = None,
        retry: RetryPolicy | None = None,
        on_wait: Callable[[float, SkytellsError], object] | None = None,
    ) -> None:
        self._calls = Calls(api_key=api_key, base_url=base_url, observers=observers, retry=retry)
        self._pool = Pool(self.base_url, transfer.limits(None if timeout is None else span(timeout)), transport)
        self._sleep = sleep
        self._on_wait = on_wait

    chat = blocking(Calls.chat)
    submit = blocking(Calls.submit)
    wait = blocking(Calls.wait)
    predict = blocking(Calls.predict)
    prediction = blocking(Calls.prediction)
    cancel = blocking(Calls.cancel)
    quote = blocking(Calls.quote)
    delete = blocking(Calls.delete)
    predictions = listing(Calls.predictions)
    models = blocking(Calls.models)
    model = blocking(Calls.model)
    chat_stream = streaming(Calls.chat_stream)
    respond = blocking(Calls.respond)
    respond_stream = streaming(Calls.respond_stream)
    embed = blocking(Calls.embed)

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(AsyncDriver):
    """The async client; every verb of `Client`, awaited.

    `sleep` is an async function of seconds. It is for asyncio; close it with `aclose`, or use it in an `async with`.
    Stop reaches a coroutine as `asyncio.CancelledError`: that carries `prediction` or `reply` then.
    """

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        observers: Sequence[Observer] | None = None,
        retry: RetryPolicy | None = None,
        on_wait: Callable[[float, SkytellsError], object] | None = None,
    ) -> None:
        self._calls = Calls(api_key=api_key, base_url=base_url, observers=observers, retry=retry)
        self._pool = AsyncPool(self.base_url, transfer.limits(None if timeout is None else span(timeout)), transport)
        self._sleep = sleep
        self._on_wait = on_wait

    chat = awaiting(Calls.chat)
    submit = awaiting(Calls.submit)
    wait = awaiting(Calls.wait)
    predict = awaiting(Calls.predict)
    prediction = awaiting(Calls.prediction)
    cancel = awaiting(Calls.cancel)
    quote = awaiting(Calls.quote)
    delete = awaiting(Calls.delete)
    predictions = async_listing(Calls.predictions)
    models = awaiting(Calls.models)
    model = awaiting(Calls.model)
    chat_stream = async_streaming(Calls.chat_stream)
    respond = awaiting(Calls.respond)
    respond_stream = async_streaming(Calls.respond_stream)
    embed = awaiting(Calls.embed)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
