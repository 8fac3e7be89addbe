"""What must not block the kernel runs here: one thread with an event loop of its own, and the client that works there.

The thread is a daemon: it never holds back the end of the kernel. A job that runs then goes on at the service, and its
id is in the record.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from ... import settings
from ...api import account
from ...api.client import AsyncClient
from ...api.record import Observer
from ...errors import SkytellsError
from .. import wiring

T = TypeVar("T")

Account = tuple[str, str, bool, tuple[Observer, ...]]
"""What a client is made for: address, key, whether it is the sandbox, and who is told of its calls."""


class Background:
    """One thread with an event loop, made when it is first needed, and the client of the account that is used now.

    `observer` hears of the clients' calls after all others; `sleep` and `on_wait` are theirs as for `AsyncClient`.
    """

    def __init__(
        self,
        observer: Observer,
        *,
        sleep: Callable[[float], Awaitable[object]],
        on_wait: Callable[[float, SkytellsError], object],
    ) -> None:
        self._observer = observer
        self._sleep = sleep
        self._on_wait = on_wait
        self._lock = threading.Lock()
        self._running: asyncio.AbstractEventLoop | None = None
        self._current: tuple[Account, AsyncClient] | None = None
        self._users: dict[AsyncClient, int] = {}

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop."""
        with self._lock:
            if self._running is None:
                self._running = asyncio.new_event_loop()
                threading.Thread(target=self._running.run_forever, name="skytells-forms", daemon=True).start()
            return self._running

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task in the loop, from any thread. Nothing of the caller's context goes with it.

        What is displayed in the task then belongs to the request that the kernel works at by that time, as front ends
        and nbclient expect it.
        """
        loop = self.loop
        loop.call_soon_threadsafe(lambda: _tasks.add(_kept(loop.create_task(work))), context=Context())

    def borrowed(self) -> AsyncClient:
        """Take the client of the account that the settings name now; one that is replaced is closed by its last user.

        Raises `NoKeyError` or `SetupError`.
        """
        wiring.connect()
        told = account.default_observers
        wanted = settings.find_address().value, settings.find_key().value.reveal(), settings.in_sandbox(), told
        with self._lock:
            if self._current is None or self._current[0] != wanted:
                observers = (*told, self._observer)
                made = AsyncClient(sleep=self._sleep, observers=observers, on_wait=self._on_wait)
                before, self._current = self._current, (wanted, made)
                self._users[made] = 0
                if before is not None:
                    self._close_if_idle(before[1])
            client = self._current[1]
            self._users[client] += 1
        return client

    def give_back(self, client: AsyncClient) -> None:
        """Give a borrowed client back."""
        with self._lock:
            self._users[client] -= 1
            if self._current is None or self._current[1] is not client:
                self._close_if_idle(client)

    def _close_if_idle(self, client: AsyncClient) -> None:
        if not self._users[client]:
            del self._users[client]
            if self._running is not None:
                asyncio.run_coroutine_threadsafe(client.aclose(), self._running)


_tasks: set[asyncio.Task[None]] = set()
"""The loop itself remembers its tasks only weakly."""


def _kept(task: asyncio.Task[None]) -> asyncio.Task[None]:
    task.add_done_callback(_tasks.discard)
    return task


async def in_thread(work: Callable[[], T]) -> T:
    """Await what blocks, in a thread that nobody waits for when this is cancelled or the kernel ends."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(result)  # type: ignore[arg-type]

    def perform() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
            loop.call_soon_threadsafe(settle, None, error)
        else:
            loop.call_soon_threadsafe(settle, result, None)

    threading.Thread(target=perform, name="skytells-forms-files", daemon=True).start()
    return await done
