"""Two thin drivers of the same flows: `Client` blocks, `AsyncClient` awaits.

Each takes three seams: `transport` (who answers; an httpx transport), `sleep` (how time passes between looks), and
`observers` (who is told of each call). Neither hides an event loop, and no verb is written twice: a verb is a flow of
`Calls`, and the two decorators below give it its blocking and its async face.
"""

from __future__ import annotations

import asyncio
import functools
import time
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from . import flows, transfer, wire
from .calls import DEFAULT_CHAT_MODEL, Calls, Prompt
from .record import Call, Observer
from .retry import RetryPolicy
from .streams import AsyncChatStream, ChatStream
from .values import Delta

T = TypeVar("T")
P = ParamSpec("P")


def _blocking(verb: Callable[Concatenate[Calls, P], flows.Flow[T]]) -> Callable[Concatenate[Client, P], T]:
    @functools.wraps(verb)
    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(verb(self._calls, *args, **kwargs))

    return call


def _awaiting(
    verb: Callable[Concatenate[Calls, P], flows.Flow[T]],
) -> Callable[Concatenate[AsyncClient, P], Awaitable[T]]:
    @functools.wraps(verb)
    async def call(self: AsyncClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._run(verb(self._calls, *args, **kwargs))

    return call


class _Face:
    """What both clients hold: the verbs, and whom to tell."""

    _calls: Calls

    @property
    def base_url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._calls.base_url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} key from {self._calls.key.source}>"

    def _tell_before(self, call: Call) -> None:
        for observer in self._calls.observers:
            observer.before(call)

    def _tell_after(self, call: Call) -> None:
        for observer in self._calls.observers:
            try:
                observer.after(call)
            except Exception as error:  # noqa: BLE001 - what was paid for must not be lost to a bookkeeper
                warnings.warn(f"An observer failed after call {call.id}: {error!r}", RuntimeWarning, stacklevel=2)


class Client(_Face):
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
        self._http = transfer.Http(transport=transport, **transfer.options(self._calls.key.value, timeout))
        self._sleep = sleep

    chat = _blocking(Calls.chat)
    submit = _blocking(Calls.submit)
    wait = _blocking(Calls.wait)
    predict = _blocking(Calls.predict)
    prediction = _blocking(Calls.prediction)
    cancel = _blocking(Calls.cancel)
    quote = _blocking(Calls.quote)
    models = _blocking(Calls.models)
    model = _blocking(Calls.model)

    def chat_stream(
        self,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        tag: str | None = None,
        **params: Any,
    ) -> ChatStream:
        """Ask a text model and read the answer as it comes; arguments as for `chat`.

        Nothing is sent before the loop's first step. Raises as `chat` does, and `BrokenStreamError` (with the partial
        `reply`) for an answer that ends before its end.
        """
        assembly, opened = self._calls.chat_stream(prompt, model=model, system=system, tag=tag, **params)
        return ChatStream(assembly, lambda done: self._stream(opened(done)))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, flow: flows.Flow[T]) -> T:
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
                if flows.ended(flow):
                    raise
                result, error = None, caught

    def _perform(self, step: flows.Step) -> Any:
        match step:
            case flows.Send():
                response = self._send(step)
                try:
                    return wire.Answer(response.status_code, response.headers, self._body(response))
                finally:
                    response.close()
            case flows.Pause():
                return self._sleep(step.seconds)
            case flows.Begin():
                return self._tell_before(step.call)
            case flows.End():
                return self._tell_after(step.call)

    def _send(self, step: flows.Send) -> httpx.Response:
        try:
            request = self._http.build_request(**transfer.arguments(step.request, self.base_url, step.timeout))
            return self._http.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transfer.trouble(error, self.base_url) from error

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

    def _stream(self, flow: flows.Flow[None]) -> Generator[Delta, None, None]:
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
                        case flows.Receive():
                            result = next(pieces, b"")
                        case flows.Emit():
                            yield from step.deltas
                        case flows.Send(request=wire.Request(stream=True)):
                            response = self._send(step)
                            streams = 200 <= response.status_code < 300
                            body = b"" if streams else self._body(response)
                            pieces = response.iter_bytes()
                            result = wire.Answer(response.status_code, response.headers, body)
                        case _:
                            result = self._perform(step)
                except (StopIteration, flows.Abandoned):
                    return
                except httpx.HTTPError as caught:
                    error = transfer.trouble(caught, self.base_url)
                    error.__cause__ = caught
                except GeneratorExit:
                    error = flows.Abandoned()
                except BaseException as caught:
                    if flows.ended(flow):
                        raise
                    error = caught
        finally:
            if response is not None:
                response.close()


class AsyncClient(_Face):
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
        self._http = transfer.AsyncHttp(transport=transport, **transfer.options(self._calls.key.value, timeout))
        self._sleep = sleep

    chat = _awaiting(Calls.chat)
    submit = _awaiting(Calls.submit)
    wait = _awaiting(Calls.wait)
    predict = _awaiting(Calls.predict)
    prediction = _awaiting(Calls.prediction)
    cancel = _awaiting(Calls.cancel)
    quote = _awaiting(Calls.quote)
    models = _awaiting(Calls.models)
    model = _awaiting(Calls.model)

    def chat_stream(
        self,
        prompt: Prompt,
        *,
        model: str = DEFAULT_CHAT_MODEL,
        system: str | None = None,
        tag: str | None = None,
        **params: Any,
    ) -> AsyncChatStream:
        """Ask a text model and read the answer as it comes, with `async for`; see `Client.chat_stream`."""
        assembly, opened = self._calls.chat_stream(prompt, model=model, system=system, tag=tag, **params)
        return AsyncChatStream(assembly, lambda done: self._stream(opened(done)))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _run(self, flow: flows.Flow[T]) -> T:
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
                if flows.ended(flow):
                    raise
                result, error = None, caught

    async def _perform(self, step: flows.Step) -> Any:
        match step:
            case flows.Send():
                response = await self._send(step)
                try:
                    return wire.Answer(response.status_code, response.headers, await self._body(response))
                finally:
                    await response.aclose()
            case flows.Pause():
                return await self._sleep(step.seconds)
            case flows.Begin():
                return self._tell_before(step.call)
            case flows.End():
                return self._tell_after(step.call)

    async def _send(self, step: flows.Send) -> httpx.Response:
        try:
            request = self._http.build_request(**transfer.arguments(step.request, self.base_url, step.timeout))
            return await self._http.send(request, stream=True)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise transfer.trouble(error, self.base_url) from error

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

    async def _stream(self, flow: flows.Flow[None]) -> AsyncGenerator[Delta, None]:
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
                        case flows.Receive():
                            result = await anext(pieces, b"")
                        case flows.Emit():
                            for delta in step.deltas:
                                yield delta
                        case flows.Send(request=wire.Request(stream=True)):
                            response = await self._send(step)
                            streams = 200 <= response.status_code < 300
                            body = b"" if streams else await self._body(response)
                            pieces = response.aiter_bytes()
                            result = wire.Answer(response.status_code, response.headers, body)
                        case _:
                            result = await self._perform(step)
                except (StopIteration, flows.Abandoned):
                    return
                except httpx.HTTPError as caught:
                    error = transfer.trouble(caught, self.base_url)
                    error.__cause__ = caught
                except GeneratorExit:
                    error = flows.Abandoned()
                except BaseException as caught:
                    if flows.ended(flow):
                        raise
                    error = caught
        finally:
            if response is not None:
                await response.aclose()
