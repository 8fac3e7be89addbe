"""What stands of a row when more is said of it later; `statements` puts it to a store, `learning` to a row in memory.

A row that has ended keeps its end; what is said of it later adds only what was missing. What a call cost is replaced as
one, amount, source and price together, and only by what is known at least as well: `billed` beats `priced` beats
`unknown`. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..api.record import CostSource

CHARGE = ("cost", "cost_source", "cost_reason", "currency", "price", "credits")
"""The columns that are replaced as one."""

WORTH: Mapping[CostSource, int] = {"unknown": 0, "priced": 1, "billed": 2}
"""How well each source knows a cost."""

_SETTLED = ("succeeded", "canceled", "refused")


def ended(told: str) -> tuple[str, ...]:
    """Name the statuses that stand when the status `told` comes later.

    A job that failed for us, since its server could not be asked, may have succeeded all the same.
    """
    return _SETTLED if told in ("succeeded", "canceled") else (*_SETTLED, "failed")
