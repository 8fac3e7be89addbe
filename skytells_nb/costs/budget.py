"""Limits of what a session may spend: each call's price is reserved before it is sent, or the call is refused.

A budget is an observer. It holds the quote of a call back while the call goes on, so that many at once cannot
overshoot, and counts in its place what the call cost; where nobody says what it cost, the quote stays counted. A call
whose price is not known before (chat costs by the tokens it used) reserves nothing, and may go over by its own cost.

The service and the sandbox have budgets of their own: one that is made in the sandbox counts only what the sandbox
answers. Amounts are exact USD. What other kernels spend is not seen.
"""

from __future__ import annotations

import threading
import warnings
import weakref
from dataclasses import dataclass
from decimal import Context, Decimal
from types import EllipsisType
from typing import Literal, Self, get_args, overload

from .. import settings
from ..api.pricing import dollars
from ..api.reading import money
from ..api.record import Call
from ..api.shown import Shown
from ..errors import InputError, OverBudgetError, plain

Amount = str | int | float | Decimal
Policy = Literal["allow", "refuse"]
"""What becomes of calls whose price is not known before."""

_EXACT = Context(prec=60)  # a notebook may have changed its own
_WARN_AT = Decimal("0.8")
_GOES_ON = ("sent", "running", "interrupted")


@dataclass(frozen=True, slots=True)
class _Share:
    """What one call takes of a budget, None where nobody knows; reserved while it is `open`, spent afterwards."""

    amount: Decimal | None
    open: bool


class Budget(Shown):
    """A limit in USD; `budget` makes the one that holds, and `with` one that holds for a block.

    `per_call` bounds each call's price; `sandbox` says whose calls count (default: of where the session is now).
    Raises `InputError` for what is no amount or no policy.
    """

    def __init__(
        self, limit: Amount, *, per_call: Amount | None = None, unknown: Policy = "allow", sandbox: bool | None = None
    ) -> None:
        if unknown not in get_args(Policy):
            raise InputError(f"unknown={plain(unknown, 40)!r} is no policy.", 'Use "allow" or "refuse".')
        self.limit = _amount("limit", limit)
        self.per_call = None if per_call is None else _amount("per_call", per_call)
        self.unknown = unknown
        self.sandbox = settings.in_sandbox() if sandbox is None else sandbox
        self._lock = threading.RLock()
        self._shares: dict[str, _Share] = {}
        self._jobs: dict[str, str] = {}
        self._spent = self._reserved = Decimal(0)
        self._warned = False
        with _books:
            _all.add(self)

    @property
    def spent(self) -> Decimal:
        """What the calls that ended have cost, as far as it is known."""
        return self._spent

    @property
    def reserved(self) -> Decimal:
        """What is held back for calls that go on."""
        return self._reserved

    @property
    def left(self) -> Decimal:
        """What may still be spent; never below 0."""
        with self._lock:
            return max(Decimal(0), _EXACT.subtract(self.limit, _EXACT.add(self._spent, self._reserved)))

    @property
    def unpriced(self) -> int:
        """How many calls have ended of which nobody knows what they cost."""
        with self._lock:
            return sum(not share.open and share.amount is None for share in self._shares.values())

    def refusal(self, amount: Decimal | None, *, sandbox: bool) -> str:
        """Say in a sentence why a call at this price would be refused now; "" where it may go.

        `amount` is None where the price is not known; `sandbox` says who would answer.
        """
        return self._objection(amount) if sandbox == self.sandbox else ""

    def _objection(self, amount: Decimal | None) -> str:
        left = self.left
        if amount is None and self.unknown == "refuse":
            return "The price is not known, and the budget refuses what has none."
        if amount is None:
            return "" if left else f"The budget of {dollars(self.limit)} is used up."
        if self.per_call is not None and amount > self.per_call:
            return f"{dollars(amount)} is over the {dollars(self.per_call)} that the budget allows a call."
        return f"{dollars(amount)} is over the {dollars(left)} left of the budget." if amount > left else ""

    def before(self, call: Call, /) -> None:
        """Reserve the price of a call that is about to be sent; raises `OverBudgetError` to refuse it."""
        with self._lock:
            if call.sandbox != self.sandbox or call.id in self._shares:
                return
            if why := self._objection(call.quoted):
                what = f"{why} Of {dollars(self.limit)}, {self._taken()}."
                raise OverBudgetError(what, 'Nothing was sent. sky.budget("…") sets another, sky.budget(None) ends it.')
            self._put(call.id, _Share(call.quoted, open=True))

    def after(self, call: Call, /) -> None:
        """Count what a call cost that began under this budget, in place of what was reserved; told again, once."""
        with self._lock:
            name = call.id if call.id in self._shares else self._jobs.get(call.remote_id or "")
            if name is None:
                return
            if call.api == "prediction" and call.remote_id:
                self._jobs[call.remote_id] = name
            amount = call.charge.amount if call.charge.currency == "USD" else None
            if amount is None:
                amount = self._shares[name].amount
                if call.status in _GOES_ON:
                    return
            self._put(name, _Share(amount if call.sandbox == self.sandbox else Decimal(0), open=False))
            late = not self._warned and bool(self._spent) and self._spent >= _EXACT.multiply(self.limit, _WARN_AT)
            self._warned = self._warned or late
        if late:
            warnings.warn(f"Of the budget of {dollars(self.limit)}, {self._taken()}.", RuntimeWarning, stacklevel=2)

    def _put(self, name: str, share: _Share) -> None:
        old = self._shares.get(name)
        self._shares[name] = share
        for each, change in ((old, _EXACT.subtract), (share, _EXACT.add)):
            if each is None or each.amount is None:
                continue
            if each.open:
                self._reserved = change(self._reserved, each.amount)
            else:
                self._spent = change(self._spent, each.amount)

    def _taken(self) -> str:
        with self._lock:
            held = f" and {dollars(self._reserved)} is held for calls that go on" if self._reserved else ""
            return f"{dollars(self._spent)} is spent{held}"

    def __repr__(self) -> str:
        with self._lock:
            amounts = {"spent": self._spent, "reserved": self._reserved, "left": self.left}
            facts = [f"{dollars(amount)} {what}" for what, amount in amounts.items()]
            if self.per_call is not None:
                facts.append(f"at most {dollars(self.per_call)} a call")
            if unpriced := self.unpriced:
                facts.append(f"{unpriced} of unknown cost")
        return f"<Budget {dollars(self.limit)}{' in the sandbox' if self.sandbox else ''}: {', '.join(facts)}>"

    def __enter__(self) -> Self:
        with _books:
            current, replaced = _session.get(self.sandbox, _NONE)
            if current is self:
                _session[self.sandbox] = (replaced, None)
            _blocks.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        with _books:
            _blocks.remove(self)


def _amount(name: str, given: Amount) -> Decimal:
    amount = money(str(given) if isinstance(given, Decimal) else given)
    if amount is None:
        raise InputError(f"{name}={plain(given, 40)!r} is no amount of money.", 'Write USD, such as "2.00".')
    return amount


_books = threading.RLock()
_all: weakref.WeakSet[Budget] = weakref.WeakSet()
_NONE: tuple[Budget | None, Budget | None] = (None, None)
_session: dict[bool, tuple[Budget | None, Budget | None]] = {}
"""The session's budget and the one that it replaced, in the sandbox and live."""
_blocks: list[Budget] = []


@overload
def budget(limit: EllipsisType = ...) -> Budget | None: ...
@overload
def budget(limit: None) -> None: ...
@overload
def budget(limit: Amount, *, per_call: Amount | None = None, unknown: Policy = "allow") -> Budget: ...
def budget(
    limit: Amount | EllipsisType | None = ..., *, per_call: Amount | None = None, unknown: Policy = "allow"
) -> Budget | None:
    """Limit what this session spends: `budget("2.00")`, in USD. `budget()` gives the one that holds, `None` ends it.

    A new one replaces the last and has spent nothing. `per_call` bounds the price of each call; `unknown` says whether
    calls whose price is not known before are allowed ("allow") or refused ("refuse"). `with budget("0.50"):` holds for
    the block, in all threads, and the session's own holds there too. In the sandbox it counts the sandbox's calls, and
    the live one stays as it is. Raises `InputError` for what is no amount; a float counts as it is written.
    """
    if (limit is None or isinstance(limit, EllipsisType)) and (per_call is not None or unknown != "allow"):
        raise InputError("Nothing was set: a budget needs a limit.", 'Write sky.budget("2.00", per_call="0.50").')
    if isinstance(limit, EllipsisType):
        return current()
    sandbox = settings.in_sandbox()
    with _books:
        made = None if limit is None else Budget(limit, per_call=per_call, unknown=unknown, sandbox=sandbox)
        _session[sandbox] = (made, _session.get(sandbox, _NONE)[0])
        return made


def current() -> Budget | None:
    """Give the budget that holds where the session is now, the innermost of several; None where there is none."""
    return next(reversed(_holding(settings.in_sandbox())), None)


def refusal(amount: Decimal | None, *, sandbox: bool) -> str:
    """Say why a call at this price would be refused now, by any budget that holds; "" where it may go."""
    return next(filter(None, (each.refusal(amount, sandbox=sandbox) for each in _holding(sandbox))), "")


def before(call: Call, /) -> None:
    """Reserve the price of a call in each budget that holds; raises `OverBudgetError` where one refuses it."""
    for each in _holding(call.sandbox):
        each.before(call)


def after(call: Call, /) -> None:
    """Count what a call cost in each budget that it began under, whether that holds still or not."""
    with _books:
        known = tuple(_all)
    for each in known:
        each.after(call)


def _holding(sandbox: bool) -> list[Budget]:  # noqa: FBT001 - a word of the settings, passed on
    """Give the session's budget and those of its blocks, innermost last."""
    with _books:
        session, _ = _session.get(sandbox, _NONE)
        return [*([session] if session else []), *(each for each in _blocks if each.sandbox == sandbox)]
