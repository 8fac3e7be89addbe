"""One budget: what it allows and how it stands, over an account that counts for it."""

from __future__ import annotations

import threading
import warnings
from decimal import Decimal
from typing import Self

from ... import settings
from ...api.pricing import dollars
from ...api.record import Call
from ...api.shown import Shown
from ...errors import InputError, OverBudgetError, SetupError, plain
from ..rows import SESSION
from . import standing
from .accounts import Account, MemoryAccount, Reservation, State
from .rules import Amount, Policy, Price, Rules, amount, policy, word

_BOUND = {"chat": "max_tokens", "responses": "max_output_tokens"}
"""What bounds the answers of an API, and so their price."""


class Budget(Shown):
    """A limit in USD; `sky.budget` makes the one that holds, and `with` one that holds for a block.

    `per_call` bounds each call's price; `sandbox` says whose calls count (default: of where the session is now), `tag`
    that only calls with it do; `kept` is the account of a named one. Raises `InputError` for what is no amount or no
    policy.
    """

    def __init__(
        self,
        limit: Amount,
        *,
        per_call: Amount | None = None,
        unknown: Policy = "allow",
        sandbox: bool | None = None,
        tag: str | None = None,
        kept: tuple[str, Account] | None = None,
    ) -> None:
        self.name = None if kept is None else kept[0]
        self.sandbox = settings.in_sandbox() if sandbox is None else sandbox
        self.tag = word("tag", tag)
        rules = Rules(
            amount("limit", limit),
            None if per_call is None else amount("per_call", per_call),
            policy(unknown),
            self.sandbox,
            self.tag,
        )
        self._account = MemoryAccount(rules, SESSION) if kept is None else kept[1]
        self._always: set[str] = set()
        self._warned_of: Decimal | None = None
        self._lock = threading.Lock()
        standing.know(self)

    def look(self) -> State:
        """Read rules and totals, of one moment. Raises `SetupError` where a named budget cannot be read."""
        return self._account.look()

    @property
    def limit(self) -> Decimal:
        """What may be spent in all."""
        return self.look().rules.limit

    @property
    def per_call(self) -> Decimal | None:
        """What one call may cost; None where that is not bounded."""
        return self.look().rules.per_call

    @property
    def unknown(self) -> Policy:
        """What becomes of calls of which nobody knows before what they can cost at most."""
        return self.look().rules.unknown

    @property
    def spent(self) -> Decimal:
        """What the calls that ended have cost, as far as it is known."""
        return self.look().totals.spent

    @property
    def reserved(self) -> Decimal:
        """What is held back for calls that go on."""
        return self.look().totals.reserved

    @property
    def left(self) -> Decimal:
        """What may still be spent; never below 0."""
        state = self.look()
        return state.rules.left(state.totals)

    @property
    def unpriced(self) -> int:
        """How many calls have ended of which nobody knows what they cost."""
        return self.look().totals.unpriced

    @property
    def reservations(self) -> tuple[Reservation, ...]:
        """The calls for which something is held, oldest first; of a named budget, those of all kernels.

        A kernel that was killed leaves its own, as the call may have been billed: `client.wait` settles a job, and
        `release` any.
        """
        return self._account.reservations()

    def release(self, *calls: str, cost: Amount = 0) -> None:
        """Settle reservations by the ids of their calls, each at `cost` (USD, default: nothing).

        Raises `InputError` where nothing is held for a call.
        """
        cost = amount("cost", cost)
        held = {each.call for each in self.reservations}
        if missing := [call for call in calls if call not in held]:
            what = f"The {self.title} holds nothing for a call {plain(missing[0], 60)!r}."
            raise InputError(what, "Its .reservations lists the calls.")
        self._account.release(calls, cost)

    @property
    def title(self) -> str:
        """What it is called in sentences."""
        if self.name is not None:
            return f"budget {plain(self.name, 60)!r}"
        return "budget" if self.tag is None else f"budget for the tag {plain(self.tag, 60)!r}"

    @property
    def arguments(self) -> str:
        """The arguments of `sky.budget` that name it, each after a comma; "" for the session's own."""
        named = (("name", self.name), ("tag", None if self.name else self.tag))
        return "".join(f", {argument}={plain(word, 60)!r}" for argument, word in named if word is not None)

    def counts(self, *, sandbox: bool, tag: str | None) -> bool:
        """Say whether a call belongs to this budget."""
        return sandbox == self.sandbox and self.tag in (None, tag)

    def refusal(
        self, amount: Decimal | None, *, sandbox: bool, low: Decimal | None = None, tag: str | None = None
    ) -> str:
        """Say in a sentence why a call at this price would be refused now; "" where it may go.

        `amount` is the most that it can cost, None where that is not known, and `low` the least; `sandbox` says who
        would answer.
        """
        if not self.counts(sandbox=sandbox, tag=tag):
            return ""
        try:
            state = self.look()
        except SetupError as error:
            return str(error)
        return state.rules.objection(Price(low, amount), state.totals, self.title)

    def asks(self, call: Call, price: Price) -> bool:
        """Say whether a person is to be asked about a call; raises `OverBudgetError` where it may not go anyway."""
        if price.high is not None:
            return False
        state = self.look()
        if not state.rules.asks(price) or call.model in self._always:
            return False
        self._refuse(call, state.rules.objection(price, state.totals, self.title), state)
        return True

    def ask_no_more(self, model: str) -> None:
        """Let calls of a model go from now on as if their price were known."""
        self._always.add(model)

    def before(self, call: Call, /) -> None:
        """Reserve the price of a call that is about to be sent; raises `OverBudgetError` to refuse it."""
        standing.admit((self,), call)

    def reserve(self, call: Call, price: Price) -> None:
        """Reserve the price, without asking anybody; raises `OverBudgetError` to refuse the call."""
        self._refuse(call, *self._account.take(call, price, self.title))

    def after(self, call: Call, /) -> None:
        """Count what a call cost that began under this budget, in place of what was reserved; told again, once."""
        state = self._account.settle(call)
        if state is None or not state.rules.is_late(state.totals):
            return
        with self._lock:
            told, self._warned_of = self._warned_of == state.rules.limit, state.rules.limit
        if not told:
            of = f"Of the {self.title} of {dollars(state.rules.limit)}, {state.totals}."
            warnings.warn(of, RuntimeWarning, stacklevel=2)

    def _refuse(self, call: Call, why: str, state: State) -> None:
        if why:
            fix = (
                f'Nothing was sent. sky.budget("…"{self.arguments}) sets another, '
                f"sky.budget(None{self.arguments}) ends it."
            )
            if call.api in _BOUND and call.quoted != call.quoted_low is not None:
                fix += f" A smaller {_BOUND[call.api]} lowers what an answer can cost."
            raise OverBudgetError(f"{why} Of {dollars(state.rules.limit)}, {state.totals}.", fix)

    def __repr__(self) -> str:
        which = f"{self.arguments[1:]}{' in the sandbox' if self.sandbox else ''}"
        try:
            state = self.look()
        except SetupError as error:
            return f"<Budget{which}: {error}>"
        rules, totals = state.rules, state.totals
        amounts = {"spent": totals.spent, "reserved": totals.reserved, "left": rules.left(totals)}
        facts = [f"{dollars(amount)} {what}" for what, amount in amounts.items()]
        if rules.per_call is not None:
            facts.append(f"at most {dollars(rules.per_call)} a call")
        if totals.unpriced:
            facts.append(f"{totals.unpriced} of unknown cost")
        return f"<Budget {dollars(rules.limit)}{which}: {', '.join(facts)}>"

    def __enter__(self) -> Self:
        standing.enter(self)
        return self

    def __exit__(self, *_: object) -> None:
        standing.leave(self)
