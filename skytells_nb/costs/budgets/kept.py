"""Budgets that are kept by name where the record is: all kernels count in one account, and it outlives them.

A call's share is taken in one exclusive transaction, so kernels that spend at once cannot overshoot. Where the store
cannot be read or written nothing is spent: `SetupError`, before anything is sent. What a call cost that cannot be
written is kept in memory and written with the next call; until then its reservation holds. A kernel that was killed
leaves its reservations held, since the calls may have been billed; a job's is settled by whichever kernel collects it.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ... import settings
from ...api.record import Call
from ...errors import InputError, SetupError, UnknownNameError, plain
from ..ledger import default_ledger
from ..store import Cursor, StoreError
from .accounts import Reservation, State
from .limit import Budget
from .rules import Amount, Policy, Price, Rules, Share, Totals, amount, policy
from .tables import BudgetTable, counting, job_of, names


class KeptAccount:
    """The account of a name, in the sandbox or live, in a store."""

    def __init__(self, table: BudgetTable) -> None:
        self._table = table
        self._taken: set[str] = set()
        self._unwritten: dict[str, Call] = {}
        self._told = False

    def look(self) -> State:
        """Read how it stands; raises `SetupError` where it cannot be read."""
        with self._certain("read"):
            return self._there(self._table.read())

    def take(self, call: Call, price: Price, title: str) -> tuple[str, State]:
        """Reserve a call's share; raises `SetupError` where that cannot be written."""
        with self._certain("counted"), self._changing() as (cursor, state, _):
            if call.id in self._taken:
                return "", state
            if why := state.rules.objection(price, state.totals, title):
                return why, state
            self._taken.add(call.id)
            share = Share.reserved(price)
            self._table.reserve(cursor, call, share)
            state = replace(state, totals=state.totals.replacing(None, share))
            self._table.write(cursor, state)
            return "", state

    def settle(self, call: Call) -> State | None:
        """Replace a call's share by what is known now; where that cannot be written, it is tried again later."""
        if call.id not in self._taken and not is_collected(call):
            return None
        self._unwritten[call.id] = call
        try:
            with self._certain("counted"), self._changing() as (_, state, settled):
                return state if call.id in settled else None
        except SetupError as error:
            if not self._told:
                self._told = True
                what = f"{error.what} What calls cost will be counted when it works again; until then it is held."
                warnings.warn(what, RuntimeWarning, stacklevel=2)
            return None

    def reservations(self) -> tuple[Reservation, ...]:
        """List what is held, by all kernels; raises `SetupError` where it cannot be read."""
        with self._certain("read"):
            return tuple(each for _, each in self._table.held())

    def release(self, calls: Collection[str], cost: Decimal) -> None:
        """Settle what is held for these calls; raises `SetupError` where that cannot be written."""
        paid = Share(cost, open=False, sure=True)
        with self._certain("counted"), self._changing() as (cursor, state, _):
            for share, held in self._table.held(cursor):
                if held.call in calls:
                    self._table.settle(cursor, held.call, paid, None)
                    state = replace(state, totals=state.totals.replacing(share, paid))
            self._table.write(cursor, state)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Cursor, State, set[str]]]:
        """Hold the account for a block; what it writes counts if it ends well. What was told is settled first.

        Gives the state, and the calls that were settled: those that have a share here.
        """
        told = [*self._unwritten.values()]
        settled: set[str] = set()
        with self._table.store.transaction() as cursor:
            state = self._there(self._table.read(cursor))
            for call in told:
                if (found := self._table.share(cursor, call)) is not None:
                    name, share = found
                    now = share.settled(call, sandbox=self._table.sandbox)
                    self._table.settle(cursor, name, now, job_of(call))
                    state = replace(state, totals=state.totals.replacing(share, now))
                    settled.add(call.id)
            if settled:
                self._table.write(cursor, state)
            yield cursor, state, settled
        for call in told:
            if self._unwritten.get(call.id) is call:
                del self._unwritten[call.id]

    @contextmanager
    def _certain(self, what: str) -> Iterator[None]:
        """Turn what a store raises into an error of ours."""
        try:
            yield
        except StoreError as error:
            said = (
                f"The budget {plain(self._table.name, 60)!r} cannot be {what} in {self._table.store.place} ({error})."
            )
            raise SetupError(said, "Nothing was sent; try again, or end it with sky.budget(None, name=…).") from error

    def _there(self, state: State | None) -> State:
        if state is None:
            what = f"The budget {plain(self._table.name, 60)!r} is not in {self._table.store.place} any more."
            raise SetupError(what, 'Nothing was sent; set it anew with sky.budget("…", name=…).')
        return state


def is_collected(call: Call) -> bool:
    """Say whether a call is a job that has ended, which any kernel may have begun."""
    return call.api == "prediction" and bool(call.remote_id) and call.status in ("succeeded", "failed", "canceled")


_lock = threading.RLock()
_budgets: dict[tuple[int, str, bool], Budget] = {}


def named(
    name: str,
    limit: Amount | None,
    *,
    per_call: Amount | None = None,
    unknown: Policy | None = None,
    tag: str | None = None,
    fresh: bool = False,
) -> Budget:
    """Take up the budget of a name, or begin it; a rule that is given replaces the kept one; see `sky.budget`."""
    given: dict[str, Any] = {
        "limit": None if limit is None else amount("limit", limit),
        "per_call": None if per_call is None else amount("per_call", per_call),
        "unknown": None if unknown is None else policy(unknown),
    }
    sandbox, store = settings.in_sandbox(), default_ledger().store
    table = BudgetTable(store, name, sandbox=sandbox)
    changed = {rule: value for rule, value in given.items() if value is not None}
    try:
        rules = _ruled(table, changed, tag, fresh=fresh)
    except StoreError as error:
        what = f"The budget {plain(name, 60)!r} cannot be kept in {store.place} ({error})."
        raise SetupError(what, "Set SKYTELLS_NB_LEDGER to a place that can be written.") from error
    with _lock:
        key = (id(store), name, sandbox)
        if key not in _budgets:
            account = (name, KeptAccount(table))
            _budgets[key] = Budget(rules.limit, sandbox=sandbox, tag=rules.tag, kept=account)
        return _budgets[key]


def _ruled(table: BudgetTable, changed: dict[str, Any], tag: str | None, *, fresh: bool) -> Rules:
    """Write the rules of a name as they are to be from now on."""
    unknown = "limit" not in changed
    if unknown and not table.store.exists():
        raise UnknownNameError.of("budget", table.name, ())
    with table.store.transaction() as cursor:
        was = table.read(cursor)
        if was is None and unknown:
            raise UnknownNameError.of("budget", table.name, names(table.store))
        if was is not None and tag not in (None, was.rules.tag):
            what = f"The budget {plain(table.name, 60)!r} counts {_counted(was.rules.tag)}."
            raise InputError(what, "Leave the tag out, or use another name.")
        rules = Rules(sandbox=table.sandbox, tag=tag, **changed) if was is None else replace(was.rules, **changed)
        if fresh:
            table.forget_calls(cursor)
        table.write(cursor, State(rules, Totals() if fresh or was is None else was.totals))
        return rules


def _counted(tag: str | None) -> str:
    return "all calls" if tag is None else f"only calls with the tag {plain(tag, 60)!r}"


def collect(call: Call) -> None:
    """Settle a job that has ended in the named budgets that this kernel has not taken up; a failure waits for the next.

    Only what another kernel reserved is found here: it may be gone.
    """
    if not is_collected(call):
        return
    with suppress(StoreError, SetupError):
        ledger = default_ledger()
        store = ledger.store
        if not ledger.unwritten and store.exists():
            for name, sandbox in counting(store, call):
                if (id(store), name, sandbox) not in _budgets:
                    KeptAccount(BudgetTable(store, name, sandbox=sandbox)).settle(call)
