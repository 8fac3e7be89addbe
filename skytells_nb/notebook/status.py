"""What is set and what was spent, as one value that shows itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .. import settings
from ..api.pricing import dollars
from ..api.shown import Shown
from ..costs.cells import amount
from ..costs.choice import Choice
from ..costs.ledger import SESSION, Ledger, default_ledger
from ..costs.totals import Money, number
from ..errors import NoKeyError, SetupError, plain
from . import budgets, page, preferences
from .media.keeper import default_folder
from .preferences import Preferences
from .render import bundle, made


@dataclass(frozen=True, slots=True, repr=False)
class Status(Shown):
    """Pairs of a name and a text."""

    rows: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.rows)


@bundle.register
def _status(shown: Status) -> dict[str, Any]:
    return made(repr(shown), page.table(("what", "is"), [(page.text(name), page.text(v)) for name, v in shown.rows]))


def status() -> Status:
    """Look up the settings, and sum up this session's calls and today's; sends nothing."""
    address = settings.find_address()
    try:
        key = f"found ({settings.find_key().source})"
    except NoKeyError:
        key = "none: run %skytells_login, or %skytells_sandbox to work offline"
    except SetupError as error:
        key = str(error)
    ledger = default_ledger()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    session, today = (_spent(ledger, chosen) for chosen in (Choice(session=SESSION), Choice(since=midnight)))
    kept = f"; {number(len(ledger.unwritten), 'row')} kept in this kernel's memory only" if ledger.unwritten else ""
    rows = [
        ("service", f"{address.value} ({address.source})"),
        ("key", key),
        ("mode", "sandbox: nothing is billed" if settings.in_sandbox() else "live: calls are billed"),
        ("this session", session),
        ("today (UTC)", today),
        ("budgets", "; ".join(budgets.sentence(each) for each in budgets.holding().held) or "none"),
        ("record", f"{ledger.trouble or ledger.place}{kept}"),
        ("media", str(default_folder().absolute())),
    ]
    return Status((*rows, *_preferred()))


def _preferred() -> tuple[tuple[str, str], ...]:
    """Say which preferences differ from what they are by default."""
    usual = asdict(Preferences())
    others = {name: value for name, value in asdict(preferences.current()).items() if value != usual[name]}
    told = ", ".join(f"{name} = {plain(repr(value), 60)}" for name, value in others.items())
    return (("preferences", f"{told} (%config SkytellsMagics)"),) if told else ()


def _spent(ledger: Ledger, chosen: Choice) -> str:
    """Sum up, exactly, what the chosen calls cost; read in chunks, so that a large record takes no memory."""
    costs: dict[bool, Counter[tuple[str, Any]]] = {False: Counter(), True: Counter()}
    for chunk in ledger.read(("sandbox", "currency", "cost"), chosen):
        for sandbox, currency, cost in chunk:
            costs[bool(sandbox)][currency, cost] += 1
    told = [_sum(costs[False])] if costs[False] or not costs[True] else []
    told += [f"in the sandbox {_sum(costs[True])}, had they been billed"] if costs[True] else []
    return "; ".join(told)


def _sum(costs: Counter[tuple[str, Any]]) -> str:
    spent, unknown = Money(), 0
    for (currency, cost), times in costs.items():
        if (known := amount(cost)) is None:
            unknown += times
        else:
            spent.add(known, currency, times)
    cost = str(spent) if spent else "" if unknown else dollars(Decimal(0))
    more = f"{unknown:,} of unknown cost" if unknown else ""
    return f"{number(costs.total(), 'call')}: {', '.join(filter(None, (cost, more)))}"
