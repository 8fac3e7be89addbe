"""Everything a running sandbox remembers: requests, jobs, planned faults, money spent.

The one mutable thing in the package. The server's loop writes it, tests and notebooks in other threads read
it and plan faults, so every access goes through one lock and readers get copies. Nothing grows without end:
the oldest requests and finished jobs are forgotten. Keys are never kept.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .faults import Fault, parse
from .jobs import Job, reserved, snapshot, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from .options import Options

_MOST_REQUESTS = 2000
_MOST_JOBS = 5000
_WINDOW = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """One request as it arrived, without its key: `auth` says only how a key was sent."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    auth: str
    json: Any = None


@dataclass(slots=True)
class Memory:
    """What one sandbox has seen and still knows; safe to read from any thread."""

    options: Options
    clock: Callable[[], int] = time.time_ns
    monotonic: Callable[[], float] = time.monotonic
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    open_streams: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _requests: deque[Received] = field(default_factory=lambda: deque(maxlen=_MOST_REQUESTS))
    _jobs: dict[str, Job] = field(default_factory=dict)
    _paths: dict[str, tuple[str, int]] = field(default_factory=dict)
    _faults: deque[Fault] = field(default_factory=deque)
    _calls: deque[float] = field(default_factory=deque)
    _settled: Decimal = Decimal(0)

    @property
    def requests(self) -> tuple[Received, ...]:
        """The requests received, oldest first (at most the last 2,000)."""
        with self._lock:
            return tuple(self._requests)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that were not deleted, oldest first."""
        with self._lock:
            return tuple(self._jobs.values())

    @property
    def credits_left(self) -> Decimal | None:
        """The balance in dollars, less what running jobs hold; None when it is endless."""
        balance = self.options.balance
        if balance is None:
            return None
        with self._lock:
            now = self.clock()
            return balance - self._settled - sum((reserved(job, now) for job in self._jobs.values()), Decimal(0))

    def record(self, received: Received) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(received)

    def inject(self, fault: str | Fault, times: int = 1) -> None:
        """Plan `fault` for the next `times` requests it fits; raise `ValueError` for an unknown one."""
        planned = parse(fault) if isinstance(fault, str) else fault
        with self._lock:
            self._faults.extend([planned] * times)

    def next_fault(self, *, chat: bool, stream: bool, create: bool) -> Fault | None:
        """Take the first planned fault that fits such a request."""
        with self._lock:
            for fault in self._faults:
                if fault.applies(chat=chat, stream=stream, create=create):
                    self._faults.remove(fault)
                    return fault
        return None

    def spend(self, amount: Decimal) -> None:
        """Take money that no job holds (an answered chat)."""
        with self._lock:
            self._settled += amount

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
        """Stop a job that runs; an ended one stays as it is."""
        with self._lock:
            job = self._jobs.get(job_id)
            if job is not None:
                job = self._jobs[job_id] = stop(job, self.clock())
            return job

    def delete(self, job_id: str) -> Job | None:
        """Forget a job and its files, stopping it first if it runs; what it cost stays spent."""
        with self._lock:
            job = self.cancel(job_id)
            if job is not None:
                self._settled += reserved(job, self.clock())
                del self._jobs[job_id]
                for path in job.outputs:
                    del self._paths[path]
            return job

    def ended(self, job_id: str) -> bool:
        """Whether the job is in its last state, or is gone."""
        job = self.find(job_id)
        return job is None or snapshot(job, self.clock()).final

    async def pause(self, seconds: float) -> bool:
        """Wait; True after the whole time, False at once when the server is closing."""
        if self.closing.is_set():
            return False
        try:
            await asyncio.wait_for(self.closing.wait(), seconds)
        except TimeoutError:
            return True
        return False
