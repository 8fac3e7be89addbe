"""Two thin drivers of the same flows: `Client` blocks, `AsyncClient` awaits.

Each takes three seams: `transport` (who answers; an httpx transport), `sleep` (how time passes between looks), and
`observers` (who is told of each call). Neither hides an event loop, and no verb is written twice: a verb is a flow of
`Calls`, and the decorators of `driver` give it its blocking and its async face.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from typing import Any, Self, TypeVar

import httpx

from . import steps, transfer, wire
from .calls import Calls
from .driver import Driver, async_streaming, awaiting, blocking, streaming
from .record import Observer
from .retry import RetryPolicy
from .values import Delta

T = TypeVar("T")


class Client(Driver):
    """The blocking client.

    `api_key` and `base_url` are found as `settings` says where they are not given; `timeout` is seconds between two
    pieces of an answer. Safe to use from several threads; `close` it, or use it in a `with`.
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
    ) -> None:
        self._calls = Calls(api_key=api_key, base_url=base_url, observers=observers, retry=retry)
        options = transfer.options(timeout, self.base_url)
        self._pool = transfer.Pool(lambda: transfer.Http(transport=transport, **options))
        self._sleep = sleep

    chat = blocking(Calls.chat)
    submit = blocking(Calls.submit)
    wait = blocking(Calls.wait)
    predict = blocking(Calls.predict)
    prediction = blocking(Calls.prediction)
    cancel = blocking(Calls.cancel)
    quote = blocking(Calls.quote)
    models = blocking(Calls.models)
    model = blocking(Calls.model)
    chat_stream = streaming(Calls.chat_stream)

    def close(self) -> None:
        """Close the connections."""
        self._pool.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, flow: steps.Flow[T]) -> T:
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
                result, error = self._perform(step), None
            except StopIteration as stop:
                value: T = stop.value
                return value
            except BaseException as caught:
                if not steps.waits(flow):
                    raise
                result, error = None, caught

    def _perform(self, step: steps.Step) -> Any:
        match step:
            case steps.Send():
                response, headers = self._send(step)
                try:
                    return wire.Answer(response.status_code, headers, self._body(response))
                finally:
                    response.close()
            case steps.Pause():
                return self._sleep(step.seconds)
            case steps.Begin():
                return self._tell_before(step.call)
            case steps.End():
                return self._tell_after(step.call)

    def _send(self, step: steps.Send) -> tuple[httpx.Response, dict[str, str]]:
        try:
            http = self._pool.http
            request = transfer.prepared(step.request, self.base_url, self._calls.key.value, http.timeout)
            response = http.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transfer.trouble(error, self.base_url) from error
        headers = transfer.headers_of(response)
        if refusal := transfer.refusal(headers):
            response.close()
            raise refusal
        return response, headers

    def _body(self, response: httpx.Response) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > wire.MAX_BODY:
                    raise transfer.too_large()
        except httpx.HTTPError as error:
            raise transfer.trouble(error, self.base_url) from error
        return b"".join(pieces)

    def _stream(self, flow: steps.Flow[None]) -> Generator[Delta, None, None]:
        response: httpx.Response | None = None
        pieces: Any = None
        result: Any = None
        error: BaseException | None = None
        try:
            while True:
                try:
                    step = flow.send(result) if error is None else flow.throw(error)
                    result = error = None
                    match step:
                        case steps.Receive():
                            result = next(pieces, b"")
                        case steps.Emit():
                            yield from step.deltas
                        case steps.Send(request=wire.Request(stream=True)):
                            response, headers = self._send(step)
                            streams = transfer.streams(response.status_code, headers)
                            body = b"" if streams else self._body(response)
                            pieces = response.iter_bytes()
                            result = wire.Answer(response.status_code, headers, body)
                        case _:
                            result = self._perform(step)
                except (StopIteration, steps.Abandoned):
                    return
                except httpx.HTTPError as caught:
                    error = transfer.trouble(caught, self.base_url)
                    error.__cause__ = caught
                except GeneratorExit:
                    error = steps.Abandoned()
                except BaseException as caught:
                    if not steps.waits(flow):
                        raise
                    error = caught
        finally:
            if response is not None:
                response.close()


class AsyncClient(Driver):
    """The async client; every verb of `Client`, awaited.

    `sleep` is an async function of seconds. Close it with `aclose`, or use it in an `async with`.
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
    ) -> None:
        self._calls = Calls(api_key=api_key, base_url=base_url, observers=observers, retry=retry)
        options = transfer.options(timeout, self.base_url)
        self._pool = transfer.Pool(lambda: transfer.AsyncHttp(transport=transport, **options))
        self._sleep = sleep

    chat = awaiting(Calls.chat)
    submit = awaiting(Calls.submit)
    wait = awaiting(Calls.wait)
    predict = awaiting(Calls.predict)
    prediction = awaiting(Calls.prediction)
    cancel = awaiting(Calls.cancel)
    quote = awaiting(Calls.quote)
    models = awaiting(Calls.models)
    model = awaiting(Calls.model)
    chat_stream = async_streaming(Calls.chat_stream)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._pool.raw.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _run(self, flow: steps.Flow[T]) -> T:
        result: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = flow.send(result) if error is None else flow.throw(error)
                result, error = await self._perform(step), None
            except StopIteration as stop:
                value: T = stop.value
                return value
            except BaseException as caught:
                if not steps.waits(flow):
                    raise
                result, error = None, caught

    async def _perform(self, step: steps.Step) -> Any:
        match step:
            case steps.Send():
                response, headers = await self._send(step)
                try:
                    return wire.Answer(response.status_code, headers, await self._body(response))
                finally:
                    await response.aclose()
            case steps.Pause():
                return await self._sleep(step.seconds)
            case steps.Begin():
                return self._tell_before(step.call)
            case steps.End():
                return self._tell_after(step.call)

    async def _send(self, step: steps.Send) -> tuple[httpx.Response, dict[str, str]]:
        try:
            http = self._pool.http
            request = transfer.prepared(step.request, self.base_url, self._calls.key.value, http.timeout)
            response = await http.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transfer.trouble(error, self.base_url) from error
        headers = transfer.headers_of(response)
        if refusal := transfer.refusal(headers):
            await response.aclose()
            raise refusal
        return response, headers

    async def _body(self, response: httpx.Response) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            async for piece in response.aiter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > wire.MAX_BODY:
                    raise transfer.too_large()
        except httpx.HTTPError as error:
            raise transfer.trouble(error, self.base_url) from error
        return b"".join(pieces)

    async def _stream(self, flow: steps.Flow[None]) -> AsyncGenerator[Delta, None]:
        response: httpx.Response | None = None
        pieces: Any = None
        result: Any = None
        error: BaseException | None = None
        try:
            while True:
                try:
                    step = flow.send(result) if error is None else flow.throw(error)
                    result = error = None
                    match step:
                        case steps.Receive():
                            result = await anext(pieces, b"")
                        case steps.Emit():
                            for delta in step.deltas:
                                yield delta
                        case steps.Send(request=wire.Request(stream=True)):
                            response, headers = await self._send(step)
                            streams = transfer.streams(response.status_code, headers)
                            body = b"" if streams else await self._body(response)
                            pieces = response.aiter_bytes()
                            result = wire.Answer(response.status_code, headers, body)
                        case _:
                            result = await self._perform(step)
                except (StopIteration, steps.Abandoned):
                    return
                except httpx.HTTPError as caught:
                    error = transfer.trouble(caught, self.base_url)
                    error.__cause__ = caught
                except GeneratorExit:
                    error = steps.Abandoned()
                except BaseException as caught:
                    if not steps.waits(flow):
                        raise
                    error = caught
        finally:
            if response is not None:
                await response.aclose()
