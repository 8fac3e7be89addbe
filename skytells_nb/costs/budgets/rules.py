"""The rules of a budget, what is known of a call's price, and whether the call may go. Pure; amounts are exact USD."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal, get_args

from ...api.prices.amounts import EXACT, LEAST_SHOWN, dollars
from ...api.reading import money
from ...api.record import GOING_ON, Call
from ...errors import InputError, plain

Amount = str | int | float | Decimal
Policy = Literal["allow", "ask", "refuse"]
"""What becomes of calls of which nobody knows before what they can cost at most."""

_WARN_AT = Decimal("0.8")
_ZERO = Decimal(0)
_LONGEST_WORD = 100


def amount(name: str, given: Amount) -> Decimal:
    """Read an amount of USD as it is written; raises `InputError`, which names the argument, for what is none."""
    read = money(str(given) if isinstance(given, Decimal) else given)
    if read is None:
        raise InputError(f"{name}={plain(given, 40)!r} is no amount of money.", 'Write USD, such as "2.00".')
    return read


def policy(given: object) -> Policy:
    """Read a policy; raises `InputError` for another word."""
    for known in get_args(Policy):
        if isinstance(given, str) and given == known:
            return known  # type: ignore[no-any-return]
    raise InputError(f"unknown={plain(given, 40)!r} is no policy.", 'Use "allow", "ask" or "refuse".')


def word(name: str, given: object) -> str | None:
    """Read a name or tag; raises `InputError`, which names the argument, for what could not be typed as one."""
    if given is None:
        return None
    if isinstance(given, str) and given.isprintable() and 0 < len(given.strip()) == len(given) <= _LONGEST_WORD:
        return given
    what = f"{name}={plain(given, 40)!r} is no {name}."
    raise InputError(what, f"Use up to {_LONGEST_WORD} characters, with no blanks around them.")


@dataclass(frozen=True, slots=True)
class Price:
    """What is known before of what a call costs: at least `low`, at most `high`; each None where nobody knows."""

    low: Decimal | None = None
    high: Decimal | None = None

    @classmethod
    def of(cls, call: Call) -> Price:
        """Read the quote of a call; one in another currency tells nothing here."""
        return cls(call.quoted_low, call.quoted) if call.quoted_currency == "USD" else cls()

    @property
    def least(self) -> Decimal | None:
        """What it takes of a budget: the most that it can cost, or the least where that is all that is known."""
        return self.low if self.high is None else self.high

    @property
    def floor(self) -> str:
        """Say what it costs at least; "" where nobody knows, or nothing that counts."""
        return f"at least {dollars(self.low)}" if self.low is not None and self.low >= LEAST_SHOWN else ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one call takes of a budget, None where nobody knows; reserved while it is `open`, spent afterwards.

    `sure` where the amount is what it cost, or the most that it can cost; else it may cost more.
    """

    amount: Decimal | None
    open: bool
    sure: bool

    @classmethod
    def reserved(cls, price: Price) -> Share:
        """Make the share of a call that is about to be sent."""
        return cls(price.least, open=True, sure=price.high is not None)

    def settled(self, call: Call, *, sandbox: bool) -> Share:
        """Put what a call cost in place of what was held; where nobody says, what was held stays counted.

        A job that goes on keeps its share as it is. What the sandbox answered costs a live budget nothing.
        """
        cost = call.charge.amount if call.charge.currency == "USD" else None
        if cost is None and _goes_on(call):
            return self
        if call.sandbox != sandbox:
            return Share(_ZERO, open=False, sure=True)
        return replace(self, open=False) if cost is None else Share(cost, open=False, sure=True)


def _goes_on(call: Call) -> bool:
    """Say whether a call may end later: a job that we only stopped to wait for does, an answer that broke off not."""
    job = call.api == "prediction" and call.remote_id is not None
    return call.status in GOING_ON or (call.status == "interrupted" and job)


@dataclass(frozen=True, slots=True)
class Totals:
    """What all shares come to; `unpriced` counts the calls that ended of which nobody knows what they cost."""

    spent: Decimal = _ZERO
    reserved: Decimal = _ZERO
    unpriced: int = 0

    def replacing(self, old: Share | None, new: Share | None) -> Totals:
        """Put one share in the place of another."""
        spent, reserved, unpriced = self.spent, self.reserved, self.unpriced
        for share, change, step in ((old, EXACT.subtract, -1), (new, EXACT.add, 1)):
            if share is None:
                continue
            if share.open:
                reserved = change(reserved, share.amount or _ZERO)
            else:
                spent = change(spent, share.amount or _ZERO)
                unpriced += 0 if share.sure else step
        return Totals(spent, reserved, unpriced)

    def __str__(self) -> str:
        held = f" and {dollars(self.reserved)} is held for calls that go on" if self.reserved else ""
        return f"{dollars(self.spent)} is spent{held}"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a budget allows, and which calls it counts: the sandbox's or live ones, all or those of one tag."""

    limit: Decimal
    per_call: Decimal | None = None
    unknown: Policy = "allow"
    sandbox: bool = False
    tag: str | None = None

    def left(self, totals: Totals) -> Decimal:
        """Say what may still be spent; never below 0."""
        return max(_ZERO, EXACT.subtract(self.limit, EXACT.add(totals.spent, totals.reserved)))

    def is_late(self, totals: Totals) -> bool:
        """Say whether four fifths are spent."""
        return bool(totals.spent) and totals.spent >= EXACT.multiply(self.limit, _WARN_AT)

    def asks(self, price: Price) -> bool:
        """Say whether the person is to be asked about a price."""
        return price.high is None and self.unknown == "ask"

    def objection(self, price: Price, totals: Totals, title: str = "budget") -> str:
        """Say in a sentence why a call at this price is refused; "" where it may go, or somebody is to be asked."""
        if price.high is None and self.unknown == "refuse":
            floor = f" ({price.floor})" if price.floor else ""
            return f"The price is not known{floor}, and the {title} refuses what has none."
        least, left = price.least, self.left(totals)
        if least is None:
            return "" if left else f"The {title} of {dollars(self.limit)} is used up."
        said = dollars(least) if price.high is not None else f"At least {dollars(least)}"
        if self.per_call is not None and least > self.per_call:
            return f"{said} is over the {dollars(self.per_call)} that the {title} allows a call."
        if least > left:
            return f"{said} is over the {dollars(left)} left of the {title}."
        return "" if left or price.high is not None else f"The {title} of {dollars(self.limit)} is used up."
