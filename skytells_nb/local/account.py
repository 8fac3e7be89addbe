"""The account's balance: what was spent, and what running jobs hold, kept as one running sum.

A job's price is taken when the job is added. It comes back when the job is stopped, or at the moment it fails,
which is known from the start; so a heap of those moments is all there is to look at, and asking for the balance
costs the same with one job as with a thousand. Not safe for threads by itself: `Memory` holds the lock.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .predictions.jobs import Job


@dataclass(slots=True)
class Account:
    """Dollars spent so far, those that running jobs hold among them; `balance` None is endless."""

    balance: Decimal | None
    _spent: Decimal = Decimal(0)
    _failing: list[tuple[int, str]] = field(default_factory=list)
    _held: dict[str, Decimal] = field(default_factory=dict)

    def left(self, now: int) -> Decimal | None:
        """Dollars left at a moment; None when they are endless."""
        while self._failing and self._failing[0][0] <= now:
            self.give_back(heapq.heappop(self._failing)[1])
        return None if self.balance is None else self.balance - self._spent

    def spend(self, amount: Decimal) -> None:
        """Take money for good."""
        self._spent += amount

    def hold(self, job: Job) -> None:
        """Take a new job's price; a job that will fail gives it back when it does."""
        self._spent += job.price
        self._held[job.id] = job.price
        if job.failure:
            heapq.heappush(self._failing, (job.ends, job.id))

    def give_back(self, job_id: str) -> None:
        """Return what a job holds, once."""
        self._spent -= self._held.pop(job_id, Decimal(0))

    def settle(self, job_id: str) -> None:
        """Keep what a job was paid, and forget the job."""
        self._held.pop(job_id, None)
