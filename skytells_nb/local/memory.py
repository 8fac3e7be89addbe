"""Everything a running sandbox remembers: requests, jobs, planned faults, money spent.

All that changes is in here. The server's loop writes it, tests and notebooks in other threads read it and plan
faults, so what both touch is behind a lock and readers get copies. Nothing grows without end: the oldest
requests and jobs are forgotten. Keys are never kept.
"""

from __future__ import annotations

import asyncio
import math
import random
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .account import Account
from .faults import Fault, parse
from .inference.histories import Histories
from .journal import Delivery, Journal, Received
from .predictions.jobs import SECOND, Job, stop

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from .options import Options

_MOST_JOBS = 5000
_WINDOW = 60.0


@dataclass(slots=True)
class _Plan:
    """A fault and how many times it is still to happen; None: always."""

    fault: Fault
    left: int | None


@dataclass(slots=True, repr=False)
class Memory:
    """What one sandbox has seen and still knows; safe to read from any thread."""

    options: Options
    clock: Callable[[], int] = time.time_ns
    monotonic: Callable[[], float] = time.monotonic
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    open_streams: int = 0
    journal: Journal = field(default_factory=Journal)
    histories: Histories = field(default_factory=Histories)
    _account: Account = field(init=False)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _jobs: dict[str, Job] = field(default_factory=dict)
    _paths: dict[str, tuple[str, int]] = field(default_factory=dict)
    _waiting: dict[str, set[asyncio.Future[Job]]] = field(default_factory=dict)
    _plans: list[_Plan] = field(init=False)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - the same every time
    _calls: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._account = Account(self.options.balance)
        self._plans = [_Plan(fault, fault.times) for fault in self.options.faults]

    @property
    def requests(self) -> tuple[Received, ...]:
        """The requests received, oldest first (at most the last 2,000)."""
        return self.journal.requests

    @property
    def deliveries(self) -> tuple[Delivery, ...]:
        """The webhooks delivered, and those that were not, oldest first (at most the last 2,000)."""
        return self.journal.deliveries

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that were not deleted, oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    @property
    def credits_left(self) -> Decimal | None:
        """The balance in dollars, less what running jobs hold; None when it is endless."""
        with self._lock:
            return self._account.left(self.clock())

    def inject(self, fault: str | Fault, times: int = 1) -> None:
        """Plan `fault` for the next `times` requests it fits; raise `ValueError` for an unknown one."""
        planned = fault if isinstance(fault, Fault) else parse(fault)
        with self._lock:
            self._plans.append(_Plan(planned, planned.times or times))

    def next_fault(self, kinds: frozenset[str]) -> Fault | None:
        """Take the first planned fault that fits a request of these kinds and whose turn it is."""
        with self._lock:
            for plan in self._plans:
                if not plan.fault.applies(kinds) or self._chance.random() >= plan.fault.rate:
                    continue
                if plan.left is not None:
                    plan.left -= 1
                    if plan.left == 0:
                        self._plans.remove(plan)
                return plan.fault
        return None

    def spend(self, amount: Decimal) -> None:
        """Take money that no job holds (an answered chat)."""
        with self._lock:
            self._account.spend(amount)

    def affords(self, amount: Decimal) -> bool:
        """Whether the balance covers `amount` dollars and is not used up."""
        left = self.credits_left
        return left is None or left >= amount > 0

    def admit(self) -> int | None:
        """Count one call against the limit; the whole seconds to wait when it is one too many, else None."""
        limit = self.options.requests_per_minute
        if limit is None:
            return None
        with self._lock:
            now = self.monotonic()
            while self._calls and now - self._calls[0] >= _WINDOW:
                self._calls.popleft()
            if len(self._calls) >= limit:
                return max(1, math.ceil(_WINDOW - (now - self._calls[0])))
            self._calls.append(now)
        return None

    @property
    def calls_left(self) -> int | None:
        """How many calls the limit still allows in this minute; None without a limit."""
        limit = self.options.requests_per_minute
        with self._lock:
            return None if limit is None else max(0, limit - len(self._calls))

    def add(self, job: Job) -> None:
        """Keep a new job, forgetting the oldest when there are too many."""
        with self._lock:
            while len(self._jobs) >= _MOST_JOBS:
                self.delete(next(iter(self._jobs)))
            self._jobs[job.id] = job
            self._paths.update({path: (job.id, index) for index, path in enumerate(job.outputs)})
            self._account.hold(job)

    def find(self, job_id: str) -> Job | None:
        """Return the job of this id."""
        with self._lock:
            return self._jobs.get(job_id)

    def file(self, path: str) -> tuple[Job, int] | None:
        """Return the job and the position of the output that is served at `path`."""
        with self._lock:
            known = self._paths.get(path)
            return None if known is None else (self._jobs[known[0]], known[1])

    def cancel(self, job_id: str) -> Job | None:
        """Stop a job that runs, and wake who waits for it; an ended one stays as it is."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is None or (stopped := stop(job, self.clock())) is job:
                return job
            self._jobs[job_id] = stopped
            self._account.give_back(job_id)
            self._wake(job_id, stopped)
            return stopped

    def delete(self, job_id: str) -> Job | None:
        """Forget a job and its files, stopping it first if it runs; what it cost stays spent."""
        with self._lock:
            job = self.cancel(job_id)
            if job is not None:
                self._account.left(self.clock())
                self._account.settle(job_id)
                del self._jobs[job_id]
                for path in job.outputs:
                    del self._paths[path]
            return job

    async def follow(self, job: Job, moment: int) -> Job:
        """Wait until `moment`, or until the job is stopped or the server closes; returns the job as it is then.

        A job that was deleted meanwhile was stopped, if it had not ended.
        """
        known = self.find(job.id) or stop(job, self.clock())
        if known.stopped is not None:
            return known
        woken: asyncio.Future[Job] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(job.id, set())
        waiting.add(woken)
        try:
            while (seconds := (moment - self.clock()) / SECOND) > 0 and not (woken.done() or self.closing.is_set()):
                await asyncio.wait({woken}, timeout=seconds)
        finally:
            waiting.discard(woken)
            if not waiting:
                self._waiting.pop(job.id, None)
        return woken.result() if woken.done() else known

    def close(self) -> None:
        """Wake everything that waits, because the server ends."""
        self.closing.set()
        for job_id in tuple(self._waiting):
            self._wake(job_id, self._jobs.get(job_id))

    def _wake(self, job_id: str, job: Job | None) -> None:
        for woken in self._waiting.pop(job_id, ()):
            if job is not None and not woken.done():
                woken.set_result(job)

    async def pause(self, seconds: float) -> bool:
        """Wait; True after the whole time, False at once when the server is closing."""
        if self.closing.is_set():
            return False
        try:
            async with asyncio.timeout(seconds):
                await self.closing.wait()
        except TimeoutError:
            return True
        return False
