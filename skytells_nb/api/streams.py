"""A streamed answer as something to loop over; `reply` holds the whole of it, or what came before it stopped.

Nothing is sent before the first step of the loop. Leaving the loop early closes the connection and keeps what came.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Self

from ..errors import SetupError
from .assembly import Assembly
from .values import Delta, Reply


class _Answer:
    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    @property
    def reply(self) -> Reply:
        """The answer as far as it has come; with its cost and time once it has ended."""
        return self._assembly.settled or replace(self._assembly.reply(), complete=False)

    def __repr__(self) -> str:
        state = "ended" if self._assembly.settled else "open"
        return f"<{type(self).__name__} {state} {len(self.reply.text)} characters>"


class ChatStream(_Answer):
    """Iterate over it for deltas: `for delta in stream: print(delta.text)`. Also a context manager."""

    def __init__(self, assembly: Assembly, deltas: Generator[Delta, None, None]) -> None:
        super().__init__(assembly)
        self._deltas = deltas

    def __iter__(self) -> Iterator[Delta]:
        with _by_one_thread():
            try:
                yield from self._deltas
            finally:
                self._deltas.close()

    def __next__(self) -> Delta:
        with _by_one_thread():
            return next(self._deltas)

    def close(self) -> None:
        """Stop the answer and free its connection; what came is kept in `reply`.

        Raises `SetupError` where another thread is reading: leave the loop there.
        """
        with _by_one_thread():
            self._deltas.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncChatStream(_Answer):
    """Iterate over it for deltas: `async for delta in stream: print(delta.text)`. Also an async context manager."""

    def __init__(self, assembly: Assembly, deltas: AsyncGenerator[Delta, None]) -> None:
        super().__init__(assembly)
        self._deltas = deltas

    async def __aiter__(self) -> AsyncIterator[Delta]:
        try:
            async for delta in self._deltas:
                yield delta
        finally:
            await self.aclose()

    async def __anext__(self) -> Delta:
        return await anext(self._deltas)

    async def aclose(self) -> None:
        """Stop the answer and free its connection; what came is kept in `reply`."""
        await self._deltas.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


@contextmanager
def _by_one_thread() -> Iterator[None]:
    """Say in our words that a stream has one reader."""
    try:
        yield
    except ValueError as error:
        if "already executing" not in str(error):
            raise
        raise SetupError("This stream is being read by another thread.", "Leave the loop there to stop it.") from error
