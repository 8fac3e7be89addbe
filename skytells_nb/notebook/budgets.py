"""What budgets look like: a line each as text; a table with a bar of what is taken, on a page."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .. import settings
from ..api.prices.amounts import EXACT
from ..api.pricing import dollars
from ..api.shown import Shown
from ..costs.budget import Budget, budget
from ..costs.budgets import standing
from ..costs.budgets.accounts import State
from ..errors import SetupError, plain
from . import page
from .magics.command import Command
from .render import bundle, made

_HEAD = ("budget", "limit", "spent", "reserved", "left", "rules")
_UNKNOWN = {
    "allow": "unknown prices are allowed",
    "ask": "asks about unknown prices",
    "refuse": "refuses unknown prices",
}
_BAR = "display:inline-block;height:.6em;vertical-align:top"


@dataclass(frozen=True, slots=True, repr=False)
class Budgets(Shown):
    """The budgets that hold, the innermost last."""

    held: tuple[Budget, ...]

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.held)) or f"no budget holds{_where()}"


def holding() -> Budgets:
    """Give the budgets that hold where the session is now."""
    return Budgets(tuple(standing.holding(sandbox=settings.in_sandbox())))


def obeyed(read: Command) -> Budget | Budgets:
    """Do what a line of %skytells_budget says; gives the budget, or all that hold where the line is bare or ends one.

    Raises what `sky.budget` raises.
    """
    rules: dict[str, Any] = {name.replace("-", "_"): value for name, value in read.options.items() if name != "out"}
    if not read.words:
        return (budget(**rules) or Budgets(())) if rules else holding()
    if read.words[0].lower() == "off":
        budget(None, **rules)
        return holding()
    return budget(read.words[0], **rules)


def sentence(shown: Budget) -> str:
    """Say in a few words how a budget stands."""
    try:
        state = shown.look()
    except SetupError as error:
        return str(error)
    held = f", {dollars(state.totals.reserved)} reserved" if state.totals.reserved else ""
    return f"{shown.title} of {dollars(state.rules.limit)}: {dollars(state.totals.spent)} spent{held}"


def _where() -> str:
    return " in the sandbox" if settings.in_sandbox() else ""


@bundle.register
def _budgets(shown: Budgets) -> dict[str, Any]:
    if not shown.held:
        return made(repr(shown), page.box(page.text(repr(shown))))
    return made(repr(shown), _table(*shown.held))


@bundle.register
def _budget(shown: Budget) -> dict[str, Any]:
    return made(repr(shown), _table(shown))


def _table(*held: Budget) -> str:
    return page.box(page.table(_HEAD, map(_row, held)))


def _row(shown: Budget) -> tuple[str, ...]:
    title = page.text(_title(shown))
    try:
        state = shown.look()
    except SetupError as error:
        return (title, *[""] * 4, page.text(error))
    rules, totals = state.rules, state.totals
    sums = (rules.limit, totals.spent, totals.reserved, rules.left(totals))
    told = [f"at most {dollars(rules.per_call)} a call" if rules.per_call is not None else "", _UNKNOWN[rules.unknown]]
    told += [f"{totals.unpriced} calls of unknown cost" if totals.unpriced else ""]
    cells = [page.text(dollars(amount)) for amount in sums]
    return (title, *cells, f"{page.text('; '.join(filter(None, told)))}{_bar(state)}")


def _title(shown: Budget) -> str:
    """Say which calls it counts, and under which name."""
    counted = "all calls" if shown.tag is None else f"calls with the tag {plain(shown.tag, 60)}"
    named = "" if shown.name is None else f"{plain(shown.name, 60)}: "
    return f"{named}{counted}{' in the sandbox' if shown.sandbox else ''}"


def _bar(state: State) -> str:
    """Draw how much of the limit is spent (solid) and reserved (lighter)."""
    limit, totals = state.rules.limit, state.totals
    spent = _part(totals.spent, limit)
    held = min(100 - spent, _part(totals.reserved, limit))
    colour = "#c4452b" if state.rules.is_late(totals) else "#2b7fc4"
    parts = "".join(
        f'<span style="{_BAR};width:{width}%;background:{colour};opacity:{opacity}"></span>'
        for width, opacity in ((spent, 1), (held, 0.45))
    )
    said = page.attribute(f"{spent} % spent, {held} % reserved")
    return (
        f'<div role="img" aria-label="{said}" title="{said}" style="background:{page.TINT};line-height:0;'
        f'margin-top:.3em;height:.6em;font-size:1em;overflow:hidden">{parts}</div>'
    )


def _part(amount: Decimal, limit: Decimal) -> int:
    """Give an amount as whole per cent of the limit, 100 at most."""
    if amount >= limit:
        return 100 if amount else 0
    return int(EXACT.divide(EXACT.multiply(amount, Decimal(100)), limit))
