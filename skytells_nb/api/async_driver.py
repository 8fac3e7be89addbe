"""How flows are performed by a client that awaits: its requests over httpx, its pauses, and whom it tells."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar

import httpx

from . import steps, transfer, wire
from .driver import Driver
from .pool import AsyncPool

T = TypeVar("T")


class AsyncDriver(Driver):
    """Performs flows step by step, awaiting each."""

    _pool: AsyncPool
    _sleep: Callable[[float], Awaitable[object]]

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
            case steps.Send(request=wire.Request(deadline=None)):
                return await self._exchange(step)
            case steps.Send():
                try:
                    async with asyncio.timeout(step.request.deadline):
                        return await self._exchange(step)
                except TimeoutError:
                    raise transfer.too_slow() from None
            case steps.Pause():
                if step.cause is not None:
                    self._tell_wait(step.seconds, step.cause)
                return await self._sleep(step.seconds)
            case steps.Begin():
                return self._tell_before(step.call)
            case steps.End():
                return self._tell_after(step.call)

    async def _exchange(self, step: steps.Send) -> wire.Answer:
        response, headers = await self._send(step)
        try:
            return wire.Answer(response.status_code, headers, await self._body(response))
        finally:
            await response.aclose()

    async def _send(self, step: steps.Send) -> tuple[httpx.Response, dict[str, str]]:
        try:
            request = transfer.prepared(step.request, self.base_url, self._calls.key.value, self._pool.limits)
            response = await self._pool.send(request)
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

    async def _stream(self, flow: steps.Flow[None]) -> AsyncGenerator[Any, None]:
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
                            for value in step.values:
                                yield value
                        case steps.Send(request=wire.Request(stream=True)):
                            response, headers = await self._send(step)
                            streams = wire.streams(response.status_code, headers)
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
