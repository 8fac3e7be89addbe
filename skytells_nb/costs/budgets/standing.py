"""Which budgets hold, and what they say together to a call."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...api.pricing import dollars
from ...api.record import Call
from ...errors import OverBudgetError, plain
from .asking import ask
from .rules import Price

if TYPE_CHECKING:
    from .limit import Budget

Slot = tuple[bool, str | None, str | None]
"""A place of the session for one budget: in the sandbox or live; its name; its tag, of one without a name."""

session: dict[Slot, tuple[Budget | None, Budget | None]] = {}
"""The session's budget in each place, and the one that it replaced."""
blocks: list[Budget] = []
_books = threading.RLock()
_all: weakref.WeakSet[Budget] = weakref.WeakSet()


def know(made: Budget) -> None:
    """Note a budget: it is told how calls end also when it holds no more."""
    with _books:
        _all.add(made)


def known() -> tuple[Budget, ...]:
    """Give all budgets that anybody has still."""
    with _books:
        return tuple(_all)


def put(slot: Slot, made: Budget | None) -> None:
    """Let a budget hold for the session, in place of the one that does; None ends that."""
    with _books:
        session[slot] = (made, session.get(slot, (None, None))[0])


def enter(made: Budget) -> None:
    """Let a budget hold for a block; where it was set just before, for the block alone."""
    with _books:
        for slot, (held, replaced) in [*session.items()]:
            if held is made:
                session[slot] = (replaced, None)
        blocks.append(made)


def leave(made: Budget) -> None:
    """End the block of a budget."""
    with _books:
        blocks.remove(made)


def holding(*, sandbox: bool) -> list[Budget]:
    """Give the budgets that hold in the sandbox, or live: those of a name or tag, the session's own, its blocks'."""
    with _books:
        slots = sorted((slot for slot in session if slot[0] == sandbox), key=lambda slot: slot == (sandbox, None, None))
        held = (session[slot][0] for slot in slots)
        return [*filter(None, held), *(each for each in blocks if each.sandbox == sandbox)]


def admit(budgets: Sequence[Budget], call: Call) -> None:
    """Reserve a call's price in each budget that counts it; raises `OverBudgetError` where one refuses it.

    A person is asked once, before anything is reserved, so that nothing waits for the answer but the call itself.
    """
    mine = [each for each in budgets if each.counts(sandbox=call.sandbox, tag=call.tag)]
    price = Price.of(call)
    if asking := [each for each in mine if each.asks(call, price)]:
        _ask(asking, call, price)
    for each in mine:
        each.reserve(call, price)


def _ask(asking: Sequence[Budget], call: Call, price: Price) -> None:
    model, first = plain(call.model, 80), asking[0]
    state = first.look()
    costs = f"{price.floor}, with no known bound" if price.floor else "unknown"
    left = f"{dollars(state.rules.left(state.totals))} is left of the {first.title}"
    answer = ask(f"What {model} will cost is {costs}; {left}. Send it?")
    if answer is None:
        what = f"What {model} will cost is {costs}, and the {first.title} asks first, but nobody can be asked here."
        fix = f'Nothing was sent. Run it in a cell, or set sky.budget("…"{first.arguments}, unknown="allow").'
        raise OverBudgetError(what, fix)
    if answer == "no":
        raise OverBudgetError(f"What {model} will cost is {costs}, and you said no.", "Nothing was sent.")
    if answer == "always":
        for each in asking:
            each.ask_no_more(call.model)
