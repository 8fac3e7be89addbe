"""Limits of what may be spent: each call's price is reserved before it is sent, or the call is refused.

A budget is an observer. It holds back the most that a call can cost while the call goes on, so that many at once cannot
overshoot, and counts in its place what the call cost; where nobody says what it cost, what was held stays counted. A
call of which nobody knows before what it can cost at most goes, is asked about, or is refused, as the budget says; one
that goes reserves the least that it can cost, and may go over by its own cost.

The service and the sandbox have budgets of their own: one that is made in the sandbox counts only what the sandbox
answers. Several may hold at once, and a call must fit all that count it. Amounts are exact USD.
"""

from __future__ import annotations

from decimal import Decimal
from types import EllipsisType
from typing import overload

from .. import settings
from ..api.record import Call
from ..errors import InputError
from .budgets import standing
from .budgets.limit import Budget
from .budgets.rules import Amount, Policy, word

__all__ = ["Budget", "after", "before", "budget", "current", "refusal"]


@overload
def budget(
    limit: EllipsisType = ...,
    *,
    per_call: Amount | None = None,
    unknown: Policy | None = None,
    tag: str | None = None,
    name: str,
    fresh: bool = False,
) -> Budget: ...
@overload
def budget(limit: EllipsisType = ..., *, tag: str | None = None) -> Budget | None: ...
@overload
def budget(limit: None, *, tag: str | None = None, name: str | None = None) -> None: ...
@overload
def budget(
    limit: Amount,
    *,
    per_call: Amount | None = None,
    unknown: Policy | None = None,
    tag: str | None = None,
    name: str | None = None,
    fresh: bool = False,
) -> Budget: ...
def budget(
    limit: Amount | EllipsisType | None = ...,
    *,
    per_call: Amount | None = None,
    unknown: Policy | None = None,
    tag: str | None = None,
    name: str | None = None,
    fresh: bool = False,
) -> Budget | None:
    """Limit what this session spends: `budget("2.00")`, in USD. `budget()` gives the one that holds, `None` ends it.

    A new one replaces the last and has spent nothing. `per_call` bounds the price of each call; `unknown` says whether
    calls of which nobody knows before what they can cost at most go ("allow", the default), are asked about ("ask") or
    refused ("refuse"). `with budget("0.50"):` holds for the block, in all threads, and the session's own holds there
    too. In the sandbox it counts the sandbox's calls, and the live one stays as it is.

    With `tag` it counts only calls of that tag, and holds beside the others; so does one with a `name`, which is kept
    where the record is: it counts what other kernels spend under the name, and what was spent before a restart.
    `budget(name="lesson")` takes it up again, with other rules where some are given; `fresh=True` begins at zero.

    Raises `InputError` for what is no amount or rule (a float counts as it is written), `UnknownNameError` for a name
    that nobody has given a limit, `SetupError` where a named one cannot be kept.
    """
    name, tag, sandbox = word("name", name), word("tag", tag), settings.in_sandbox()
    slot = (sandbox, name, tag if name is None else None)
    ruled = per_call is not None or unknown is not None or fresh
    if limit is None or (isinstance(limit, EllipsisType) and name is None):
        if ruled:
            raise InputError("Nothing was set: a budget needs a limit.", 'Write sky.budget("2.00", per_call="0.50").')
        if limit is not None:
            return current(tag)
        standing.put(slot, None)
        return None
    given = None if isinstance(limit, EllipsisType) else limit
    if name is not None:
        from .budgets.kept import named

        made = named(name, given, per_call=per_call, unknown=unknown, tag=tag, fresh=fresh)
    elif given is not None:
        made = Budget(
            given, per_call=per_call, unknown="allow" if unknown is None else unknown, sandbox=sandbox, tag=tag
        )
    standing.put(slot, made)
    return made


def current(tag: str | None = None) -> Budget | None:
    """Give the budget of all calls (or of a tag) that holds where the session is now, the innermost of several."""
    held = standing.holding(sandbox=settings.in_sandbox())
    return next((each for each in reversed(held) if each.tag == tag), None)


def refusal(amount: Decimal | None, *, sandbox: bool, low: Decimal | None = None, tag: str | None = None) -> str:
    """Say why a call at this price would be refused now, by any budget that holds; "" where it may go.

    `amount` is the most that it can cost, None where that is not known; `low` is the least.
    """
    held = standing.holding(sandbox=sandbox)
    return next(filter(None, (each.refusal(amount, sandbox=sandbox, low=low, tag=tag) for each in held)), "")


def before(call: Call, /) -> None:
    """Reserve the price of a call in each budget that holds; raises `OverBudgetError` where one refuses it."""
    standing.admit(standing.holding(sandbox=call.sandbox), call)


def after(call: Call, /) -> None:
    """Count what a call cost in each budget that it began under, whether that holds still or not."""
    for each in standing.known():
        each.after(call)
    if call.api == "prediction":
        from .budgets.kept import collect

        collect(call)
