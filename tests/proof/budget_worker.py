"""Spends under the budget "lesson", as a process of its own: `budget_worker.py PRICE COST TRIES`.

It says that it is ready and waits for a line; then it writes the cost of each call that has ended, to stdout. With
`hold` as a fourth argument it says nothing to the budget of how its calls end.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import skytells_nb as sky
from skytells_nb.api.record import Call, Charge
from skytells_nb.costs import budget
from skytells_nb.errors import OverBudgetError


def main(price: str, cost: str, tries: str, *hold: str) -> None:
    """Try to spend; what was refused is not tried again."""
    warnings.simplefilter("ignore")
    held = sky.budget(name="lesson")
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(tries)):
        call = Call(uuid4().hex, "chat", "POST /", "m", datetime.now(UTC), "f", quoted=Decimal(price))
        try:
            budget.before(call)
        except OverBudgetError:
            continue
        if number % 8 == 0:
            state = held.look()
            assert state.totals.spent + state.totals.reserved <= state.rules.limit
        if not hold:
            budget.after(replace(call, status="succeeded", charge=Charge(Decimal(cost), source="billed")))
        print(cost, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
