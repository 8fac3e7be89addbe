"""A prediction that runs beside the cells: it tells how far it is, and can be canceled at any moment, or waited for.

Invariants: what ends is told exactly once and last; a job that was paid for is told whatever else goes wrong; from the
moment the service has named a job, a cancel reaches it at once; before that, nothing is broken off that the service may
have taken: a cancel waits some seconds for the id, so that it can cancel by it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

from ...api.client import AsyncClient
from ...api.media_calls import WAIT_LIMIT
from ...api.record import Call
from ...api.values import Prediction, Status
from ...costs import meter
from ...errors import SkytellsError, StillRunningError, plain
from .. import cell
from ..media.keeper import Keeper, default_keeper
from ..media.kept import Kept
from .background import Background, in_thread
from .order import Order
from .progress import Progress

__all__ = ["Order", "Progress", "Run", "begin", "start"]

TICK = 0.25
"""Seconds after which it is told again how long it takes."""

GAP = 0.1
"""Seconds between two tellings at least: front ends drop what comes too fast, and the last word with it."""

PATIENCE = 3.0
"""Seconds that a cancel waits for the id of a job that has just been sent."""

_log = logging.getLogger("skytells_nb")

Told = Callable[[Progress], object]


class Run:
    """One run of a model; `start` makes it. Its methods may be called from any thread."""

    def __init__(self, order: Order, told: Told) -> None:
        self.progress = Progress(order.model, dict(order.values), job=order.job)
        self._next = self.progress
        self._told = told
        self._order = order
        self._meters = meter.here()
        self._began = time.monotonic()
        self._over = threading.Event()
        self._named = threading.Event()
        self._loop = _background.loop
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._asked = False
        self._sent = False
        self._thread: int | None = None

    @property
    def model(self) -> str:
        """The model's name."""
        return self.progress.model

    @property
    def values(self) -> dict[str, Any]:
        """What was sent."""
        return dict(self.progress.values)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self.progress.ended

    def cancel(self) -> None:
        """Ask that it be canceled, here and at the service; returns at once. One that has ended stays as it is."""
        if not self.done:
            self._loop.call_soon_threadsafe(self._stop)

    def wait_until_named(self) -> None:
        """Wait until the service has named its job, or it has ended without one."""
        while not self._named.wait(0.1) and not self.done:
            pass

    def wait(self, timeout: float | None = None) -> Prediction:
        """Wait for the result and return it; `timeout` is seconds, None waits until it has ended.

        Stop (Ctrl-C) cancels the job; the interruption then carries `prediction`. Raises what `Client.predict` raises:
        `StillRunningError` where it goes on after `timeout`, `JobCanceledError` for one that was canceled.
        """
        if threading.get_ident() == self._thread:
            raise RuntimeError("A run cannot be waited for where it tells how far it is.")
        try:
            ended = self._ended(timeout)
        except BaseException as stop:
            self.cancel()
            with suppress(KeyboardInterrupt):  # Stop once more: not even that is waited for
                self._ended(PATIENCE * 2)
            stop.prediction = self.progress.job  # type: ignore[attr-defined]
            raise
        now = self.progress
        if not ended:
            what = f"The run is still {now.state} after {timeout:.3g} s."
            raise StillRunningError(what, "It goes on; wait again, or cancel it.", prediction=now.job)
        if now.error is not None:
            raise now.error
        if now.job is None:
            raise AssertionError("a run that succeeded has a job")
        return now.job

    def _ended(self, timeout: float | None) -> bool:
        """Wait in short steps: a thread that waits for good hears no Ctrl-C on every system."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self._over.wait(0.1 if until is None else min(0.1, max(0.0, until - time.monotonic()))):
            if until is not None and time.monotonic() >= until:
                return False
        return True

    # From here on everything runs in the loop's thread.

    async def perform(self, client: AsyncClient | SkytellsError, keeper: Keeper) -> None:
        """Do it all, and tell it; called once, by `start`."""
        self._task = asyncio.current_task()
        self._thread = threading.get_ident()
        telling = asyncio.create_task(self._tell())
        try:
            with cell.belonging_to(self._order.place, self._order.nth), meter.counted_in(self._meters):
                _now.set(self)
                end = await self._outcome(client, keeper)
        except BaseException as error:  # noqa: BLE001 - whatever it was, it is told
            end = self._next.failed(error)
        finally:
            self._disarm()
            if isinstance(client, AsyncClient):
                _background.give_back(client)
        self._note(replace(end, canceling=False, waiting=""))
        await telling
        self._over.set()

    async def _outcome(self, client: AsyncClient | SkytellsError, keeper: Keeper) -> Progress:
        if not isinstance(client, AsyncClient):
            return self._next.failed(client)
        try:
            if self._asked and self._order.job is None:
                raise asyncio.CancelledError
            job = await self._order.carry_out(client, self._looked)
        except asyncio.CancelledError as stop:
            found = getattr(stop, "prediction", None) or self._next.job
            if found is None or found.status is not Status.SUCCEEDED:
                return self._next.canceled(found, stop, sent=self._sent)
            job = found
        except SkytellsError as error:
            return self._next.failed(error)
        self._note(replace(self._next, state="saving", job=job, percent=None, canceling=False))
        return replace(self._next, state="succeeded", kept=await _saved(job, keeper))

    def _looked(self, job: Prediction, _: float) -> None:
        self._sent = False
        self._named.set()
        self._disarm()
        self._note(self._next.looked(job))
        if self._asked and not job.status.final:
            raise asyncio.CancelledError

    def _stop(self) -> None:
        self._asked = True
        if self._task is None or self._next.canceling or self._next.ended:
            return
        self._note(replace(self._next, canceling=True))
        if self._sent:
            self._alarm = self._loop.call_later(PATIENCE, self._task.cancel)
        else:
            self._task.cancel()

    def _disarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    async def pause(self, seconds: float) -> None:
        """Let time pass for the client: nothing is under way meanwhile, so that it can be broken off at once."""
        if self._asked and self._sent:
            raise asyncio.CancelledError
        self._sent, sent = False, self._sent
        await asyncio.sleep(seconds)
        self._sent = sent
        self._next = replace(self._next, waiting="")

    def waits(self, seconds: float, cause: SkytellsError) -> None:
        """Hear why the client pauses before it tries again."""
        self._note(replace(self._next, waiting=f"{plain(cause.what, 200)} Trying again in {seconds:.3g} s."))

    def leaves(self) -> None:
        """Hear that the request is about to leave: from now on the service may have it."""
        self._sent = True

    def _note(self, progress: Progress) -> None:
        self._next = progress
        self._news.set()

    async def _tell(self) -> None:
        """Tell what is new and how long it takes, not too often, and in the end the last word."""
        while True:
            self._news.clear()
            self.progress = replace(self._next, elapsed=time.monotonic() - self._began)
            try:
                self._told(self.progress)
            except BaseException:  # noqa: BLE001 - what shows a run must not end it
                _log.warning("What shows a run failed; the run goes on.", exc_info=True)
            if self.progress.ended:
                return
            await asyncio.sleep(GAP)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), TICK - GAP)


async def _saved(job: Prediction, keeper: Keeper) -> tuple[Kept, ...]:
    """Save the files of a result; () or cards without a file where that fails or is broken off."""
    try:
        return await in_thread(lambda: keeper.keep(job))
    except asyncio.CancelledError:
        note = "not saved: interrupted"
    except Exception as error:  # noqa: BLE001 - the result is there and paid for, whatever became of its files
        note = f"not saved: {plain(error, 120)}"
    return tuple(Kept(url, index, note=note, again=True) for index, url in enumerate(job.links))


_now: ContextVar[Run | None] = ContextVar("skytells_run", default=None)


async def _pause(seconds: float) -> None:
    run = _now.get()
    await (asyncio.sleep(seconds) if run is None else run.pause(seconds))


def _wait(seconds: float, cause: SkytellsError) -> None:
    run = _now.get()
    if run is not None:
        run.waits(seconds, cause)


class _Departures:
    """The last observer to be told of a call: nobody has refused it."""

    def before(self, call: Call, /) -> None:
        """Note in the run that its request leaves."""
        run = _now.get()
        if run is not None:
            run.leaves()

    def after(self, call: Call, /) -> None:
        """Nothing is left to note."""


def start(
    model: str,
    values: Mapping[str, Any],
    told: Told,
    *,
    where: cell.Place = (None, None),
    timeout: float = WAIT_LIMIT,
) -> Run:
    """Run a model without blocking: `begin` of an order for it.

    `told(progress)` is called in another thread: at each change and four times a second, and last with how it ended;
    what it raises is logged. `where` is the cell that the call belongs to in the record, the running one where it is
    not known; `timeout` is seconds for the whole. What goes wrong is told, and raised by `Run.wait`; nothing is here.
    """
    place = where if any(where) else cell.where()
    return begin(Order(model, dict(values), place, timeout=timeout), told)


def begin(order: Order, told: Told) -> Run:
    """Carry an order out without blocking, with the key and address that the settings name now.

    `told` is as for `start`.
    """
    run = Run(order, told)
    client: AsyncClient | SkytellsError
    try:
        client = _background.borrowed()
    except SkytellsError as error:
        client = error
    keeper = Keeper(default_keeper().folder)  # of its own: one whose file is slow holds up all that ask it
    _background.begin(run.perform(client, keeper))
    return run


def _begin_anew() -> None:
    global _background
    _background = Background(_Departures(), sleep=_pause, on_wait=_wait)


_background: Background
_begin_anew()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
