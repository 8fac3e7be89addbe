"""Where the shares of a budget are counted: an account takes one for a call, or refuses, and later settles it.

Both steps are atomic, so that calls at the same moment cannot take together what each could take alone.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from ...api.record import Call
from .rules import Price, Rules, Share, Totals


@dataclass(frozen=True, slots=True)
class State:
    """How an account stands."""

    rules: Rules
    totals: Totals


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is held for a call that goes on: its id and model, how much (None: nobody knows), since when, by whom.

    `job` is the id by which `client.wait` collects it, None where the service has named none.
    """

    call: str
    model: str
    amount: Decimal | None
    since: datetime
    session: str
    job: str | None = None


class Account(Protocol):
    """What a budget counts with; told twice of a call, it counts it once."""

    def look(self) -> State:
        """Read how it stands."""

    def take(self, call: Call, price: Price, title: str) -> tuple[str, State]:
        """Reserve a call's share; gives the objection to it, "" where it was reserved (or had been), and the state."""

    def settle(self, call: Call) -> State | None:
        """Replace a call's share by what is known now; None where the call has no share here."""

    def reservations(self) -> tuple[Reservation, ...]:
        """List what is held, oldest first."""

    def release(self, calls: Collection[str], cost: Decimal) -> None:
        """Settle the calls of these ids at a cost each; those that hold nothing stay as they are."""


class MemoryAccount:
    """An account of this process; it ends with the process."""

    def __init__(self, rules: Rules, session: str) -> None:
        self._rules = rules
        self._session = session
        self._totals = Totals()
        self._lock = threading.RLock()
        self._shares: dict[str, Share] = {}
        self._held: dict[str, Call] = {}
        self._jobs: dict[str, str] = {}

    def look(self) -> State:
        """Read how it stands."""
        with self._lock:
            return State(self._rules, self._totals)

    def take(self, call: Call, price: Price, title: str) -> tuple[str, State]:
        """Reserve a call's share."""
        with self._lock:
            known = call.id in self._shares
            why = "" if known else self._rules.objection(price, self._totals, title)
            if not known and not why:
                self._put(call.id, Share.reserved(price))
                self._held[call.id] = call
            return why, self.look()

    def settle(self, call: Call) -> State | None:
        """Replace a call's share by what is known now."""
        with self._lock:
            name = call.id if call.id in self._shares else self._jobs.get(call.remote_id or "")
            if name is None:
                return None
            if call.api == "prediction" and call.remote_id:
                self._jobs[call.remote_id] = name
            self._put(name, self._shares[name].settled(call, sandbox=self._rules.sandbox))
            return self.look()

    def reservations(self) -> tuple[Reservation, ...]:
        """List what is held."""
        with self._lock:
            jobs = {call: job for job, call in self._jobs.items()}
            return tuple(
                Reservation(name, call.model, self._shares[name].amount, call.started_at, self._session, jobs.get(name))
                for name, call in self._held.items()
            )

    def release(self, calls: Collection[str], cost: Decimal) -> None:
        """Settle what is held for these calls."""
        with self._lock:
            for name in self._held.keys() & calls:
                self._put(name, Share(cost, open=False, sure=True))

    def _put(self, name: str, share: Share) -> None:
        self._totals = self._totals.replacing(self._shares.get(name), share)
        self._shares[name] = share
        if not share.open:
            self._held.pop(name, None)
