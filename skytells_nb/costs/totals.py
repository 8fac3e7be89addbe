"""What some rows of the record come to: how many calls, how long they took, what they used and cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ..api.prices.amounts import EXACT, dollars
from ..api.record import FAILED, GOING_ON
from .rows import Row


class Tokens(NamedTuple):
    """Tokens in and out, as far as the service counted them."""

    prompt: int = 0
    completion: int = 0


class Money(dict[str, Decimal]):
    """Exact amounts by currency; nothing is ever converted."""

    def add(self, amount: Decimal, currency: str, times: int = 1) -> None:
        """Count an amount, once or so many times."""
        self[currency] = EXACT.fma(amount, Decimal(times), self.get(currency, Decimal(0)))

    @property
    def one(self) -> Decimal | None:
        """The amount, where there is a single currency; None where there is no amount, or several."""
        return next(iter(self.values())) if len(self) == 1 else None

    def __str__(self) -> str:
        return " + ".join(dollars(amount, currency) for currency, amount in sorted(self.items()))


@dataclass(frozen=True, slots=True)
class Totals:
    """What calls come to: `errors` failed or were refused, `running` go on still, `unknown` ended at an unknown cost.

    `outputs` are answers and files, `waiting` the seconds of all calls, one after another. `billed` is what the service
    named, `priced` what usage and prices give, both by currency.
    """

    calls: int
    errors: int
    running: int
    tokens: Tokens
    outputs: int
    waiting: float
    billed: Money
    priced: Money
    unknown: int

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Totals:
        """Add rows up."""
        calls = errors = running = prompt = completion = outputs = unknown = 0
        waiting = 0.0
        billed, priced = Money(), Money()
        for row in rows:
            calls += 1
            errors += row["status"] in FAILED
            prompt += row.get("prompt_tokens") or 0
            completion += row.get("completion_tokens") or 0
            outputs += row.get("outputs") or 0
            waiting += row.get("seconds") or 0.0
            cost = row.get("cost")
            if cost is not None:
                (billed if row["cost_source"] == "billed" else priced).add(Decimal(cost), row["currency"])
            elif row["status"] in GOING_ON:
                running += 1
            else:
                unknown += 1
        return cls(calls, errors, running, Tokens(prompt, completion), outputs, waiting, billed, priced, unknown)

    @property
    def costs(self) -> Money:
        """What is known of the cost, by currency."""
        both = Money(self.billed)
        for currency, amount in self.priced.items():
            both.add(amount, currency)
        return both

    @property
    def cost(self) -> Decimal | None:
        """What is known of the cost; 0 for no calls, None where no cost is known or there are several currencies."""
        return self.costs.one if self.costs or self.calls else Decimal(0)

    def in_words(self, *, sandbox: bool = False) -> str:
        """Say it in a line; of calls of the sandbox, that it is what they would have cost."""
        facts = [
            f"{number(self.calls, 'call')}{' in the sandbox' if sandbox else ''}",
            *([f"{self.errors:,} failed"] if self.errors else []),
            *([f"{self.tokens.prompt:,} tokens in"] if any(self.tokens) else []),
            *([f"{self.tokens.completion:,} out"] if self.tokens.completion else []),
            *([number(self.outputs, "output")] if self.outputs else []),
            *([f"{seconds(self.waiting)} waiting"] if self.calls else []),
        ]
        costs = self.costs
        cost = str(costs) or ("cost unknown" if self.unknown else "")
        said = f"it would have been {cost}" if sandbox and costs else cost
        known = [f"{money} {how}" for money, how in ((self.billed, "billed"), (self.priced, "priced")) if money]
        more = [
            *(known if len(known) > 1 and not sandbox else []),
            *([f"{self.unknown:,} of unknown cost"] if self.unknown and costs else []),
            *([f"{self.running:,} still running"] if self.running else []),
        ]
        line = ", ".join(facts) + (f": {said}" if said else "")
        return f"{line} ({', '.join(more)})" if more else line


def seconds(taken: float) -> str:
    """Write how long something took, for people."""
    return f"{taken:.1f} s" if taken >= 1 else f"{taken * 1000:.0f} ms"


def number(count: int, what: str) -> str:
    """Write how many there are."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
