"""What both clients share: the verbs of `Calls`, made into methods, and whom to tell.

A verb is written once, as a method of `Calls` that returns a flow. `blocking` and `awaiting` make methods of it that
perform the flow; `streaming` and its twin make those that give a stream. Each keeps the verb's name, help and
arguments.
"""

from __future__ import annotations

import functools
import inspect
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Concatenate, ParamSpec, TypeVar

from ..errors import SkytellsError
from .calls import Calls
from .record import Call
from .steps import Flow
from .streams import AsyncChatStream, ChatStream
from .text_calls import Opening

_log = logging.getLogger("skytells_nb")

T = TypeVar("T")
P = ParamSpec("P")
C = TypeVar("C")


class Driver:
    """Holds the verbs; a subclass performs their flows by `_run` and `_stream`."""

    _calls: Calls
    _on_wait: Callable[[float, SkytellsError], object] | None
    _run: Callable[[Any], Any]
    _stream: Callable[[Any], Any]

    @property
    def base_url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._calls.base_url

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.base_url} key from {self._calls.key.source}>"

    def _tell_before(self, call: Call) -> None:
        for observer in self._calls.observers:
            observer.before(call)

    def _tell_wait(self, seconds: float, cause: SkytellsError) -> None:
        _log.info("%s Trying again in %.3g s.", cause.what, seconds)
        if self._on_wait is not None:
            self._on_wait(seconds, cause)

    def _tell_after(self, call: Call) -> None:
        for observer in self._calls.observers:
            try:
                observer.after(call)
            except Exception as error:  # noqa: BLE001 - what was paid for must not be lost to a bookkeeper
                warnings.warn(f"An observer failed after call {call.id}: {error!r}", RuntimeWarning, stacklevel=2)


def blocking(verb: Callable[Concatenate[Calls, P], Flow[T]]) -> Callable[Concatenate[Driver, P], T]:
    """Make a verb a method that returns its result."""

    def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = self._run(verb(self._calls, *args, **kwargs))
        return result

    return _as_told(call, verb)


def awaiting(verb: Callable[Concatenate[Calls, P], Flow[T]]) -> Callable[Concatenate[Driver, P], Awaitable[T]]:
    """Make a verb a coroutine method."""

    async def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result: T = await self._run(verb(self._calls, *args, **kwargs))
        return result

    return _as_told(call, verb)


def streaming(verb: Callable[Concatenate[Calls, P], Opening]) -> Callable[Concatenate[Driver, P], ChatStream]:
    """Make a verb a method that returns a stream to loop over."""

    def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> ChatStream:
        opening = verb(self._calls, *args, **kwargs)
        return ChatStream(opening.assembly, self._stream(opening.flow))

    return _as_told(call, verb)


def async_streaming(
    verb: Callable[Concatenate[Calls, P], Opening],
) -> Callable[Concatenate[Driver, P], AsyncChatStream]:
    """Make a verb a method that returns a stream to loop over with `async for`."""

    def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> AsyncChatStream:
        opening = verb(self._calls, *args, **kwargs)
        return AsyncChatStream(opening.assembly, self._stream(opening.flow))

    return _as_told(call, verb)


def listing(verb: Callable[Concatenate[Calls, P], Flow[None]]) -> Callable[Concatenate[Driver, P], Iterator[Any]]:
    """Make a verb whose flow gives values out a method that returns an iterator; each step asks for what it needs."""

    def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[Any]:
        found: Iterator[Any] = self._stream(verb(self._calls, *args, **kwargs))
        return found

    return _as_told(call, verb)


def async_listing(
    verb: Callable[Concatenate[Calls, P], Flow[None]],
) -> Callable[Concatenate[Driver, P], AsyncIterator[Any]]:
    """Make a verb whose flow gives values out a method to loop over with `async for`."""

    def call(self: Driver, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Any]:
        found: AsyncIterator[Any] = self._stream(verb(self._calls, *args, **kwargs))
        return found

    return _as_told(call, verb)


def _as_told(call: C, verb: Any) -> C:
    """Give a method its verb's name, help and arguments, and its own kind of answer."""
    method: Any = call
    answer = method.__annotations__["return"]
    if answer == "T":
        answer = verb.__annotations__["return"].removeprefix("Flow[").removesuffix("]")
    functools.update_wrapper(method, verb)
    method.__annotations__ = verb.__annotations__ | {"return": answer}
    method.__signature__ = inspect.signature(verb).replace(return_annotation=answer)
    return call
